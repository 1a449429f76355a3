# Configures a project that must stop with a message: the consumer, or the one in `project`.
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)

file(REMOVE_RECURSE ${work}/${name})
if(DEFINED project)
    separate_arguments(options UNIX_COMMAND "${options}")
    configure_command(configure ${project} ${work}/${name} ${options})
else()
    consumer_command(configure ${work}/${name})
endif()
execute_process(COMMAND ${configure} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(result EQUAL 0)
    message(FATAL_ERROR "configuring should have failed with: ${message}\n${output}")
endif()

# CMake breaks the lines of a message.
string(REGEX REPLACE "[ \n]+" " " words "${output}")
string(FIND "${words}" "${message}" at)
if(at EQUAL -1)
    message(FATAL_ERROR "the message is not: ${message}\n${output}")
endif()
