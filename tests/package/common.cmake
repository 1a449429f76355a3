# What the scripts of this folder share. They get the variables of package_arguments in CMakeLists.txt, and name.

cmake_minimum_required(VERSION 3.25)

# run(<what> <command>...): stops with the command's output when it fails.
function(run what)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output ECHO_OUTPUT_VARIABLE)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "${what} failed (${result}):\n${output}")
    endif()
endfunction()

# configure_command(<variable> <source> <binary> [<option>...]): the command line that configures a project like this build.
function(configure_command variable source_dir binary_dir)
    set(command ${CMAKE_COMMAND} -S ${source_dir} -B ${binary_dir} -G ${generator} -D CMAKE_MAKE_PROGRAM=${make} -D CMAKE_CXX_COMPILER=${compiler}
        -D "CMAKE_CXX_FLAGS=${flags}" -D CMAKE_CXX_COMPILER_LAUNCHER=${launcher} ${ARGN})
    set(${variable} "${command}" PARENT_SCOPE)
endfunction()

if(NOT DEFINED prefix)
    set(prefix prefix)
endif()

# consumer_command(<variable> <binary>): the same for consumer/, from the variables from, link, components, prefix and shared.
function(consumer_command variable binary_dir)
    configure_command(command ${CMAKE_CURRENT_LIST_DIR}/consumer ${binary_dir}
        -D from=${from} "-D link=${link}" "-D components=${components}" -D version=${version} -D stompchat_source=${source}
        -D CMAKE_PREFIX_PATH=${work}/${prefix} -D BUILD_SHARED_LIBS=${shared})
    set(${variable} "${command}" PARENT_SCOPE)
endfunction()
