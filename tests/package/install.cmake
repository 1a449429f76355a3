# Installs the build that the tests belong to.
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)

file(REMOVE_RECURSE ${work}/prefix)
run("installing" ${CMAKE_COMMAND} --install ${build} --prefix ${work}/prefix)

# A header that was left out is found only by the user who needs it.
file(GLOB_RECURSE headers RELATIVE ${source}/include ${source}/include/*.hpp ${source}/include/*.ipp)
foreach(header IN LISTS headers)
    if(NOT EXISTS ${work}/prefix/include/${header})
        message(FATAL_ERROR "${header} was not installed")
    endif()
endforeach()

# Warnings, sanitizers and paths of this machine belong to the build, not to the package.
file(GLOB_RECURSE files ${work}/prefix/*.cmake)
foreach(file IN LISTS files)
    file(READ ${file} text)
    foreach(word IN ITEMS "-Wall" "-Werror" "-fsanitize" "${source}" "${build}")
        string(FIND "${text}" "${word}" at)
        if(NOT at EQUAL -1)
            message(FATAL_ERROR "${file} mentions ${word}")
        endif()
    endforeach()
endforeach()

# The same without the adapters, as it is where their client libraries are not wanted.
file(REMOVE_RECURSE ${work}/core_only)
file(COPY ${work}/prefix/ DESTINATION ${work}/core_only)
file(GLOB_RECURSE adapters ${work}/core_only/*/stompchat-kafka-*.cmake ${work}/core_only/*/stompchat-redis-*.cmake)
file(REMOVE ${adapters})
