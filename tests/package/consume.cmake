# Configures, builds and runs the consumer.
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)

# Only a folder that another test has filled is used again.
if(NOT DEFINED folder)
    set(folder ${name})
    file(REMOVE_RECURSE ${work}/${folder})
endif()
consumer_command(configure ${work}/${folder})
run("configuring the consumer" ${configure})
run("building the consumer" ${CMAKE_COMMAND} --build ${work}/${folder} --target consumer)
run("running the consumer" ${work}/${folder}/consumer)

if(shared)
    file(GLOB libraries ${work}/${folder}/stompchat/libstompchat.so.${version})
    if(NOT libraries)
        message(FATAL_ERROR "no shared library with the version ${version} in its name was built")
    endif()
endif()
