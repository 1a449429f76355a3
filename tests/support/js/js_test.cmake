# stompchat_js_test(<name> LABEL <label> SOURCE <file.test.mjs> [SERVER <target>] [TIMEOUT <seconds>]
#     [SERVICES <service>...])
#
# A test program for Node's own test runner that starts stompchat-server or SERVER, and the CTest test of that name. Its packages are installed
# into the build folder when tests run, not when stompchat is built. SERVICES as in stompchat_test.
find_program(STOMPCHAT_NODE NAMES node nodejs DOC "Node.js 18 or newer, for the demo page and the tests with JavaScript clients")
find_program(STOMPCHAT_NPM NAMES npm DOC "npm, for the demo page and the tests with JavaScript clients")
set(stompchat_test_npm ${PROJECT_BINARY_DIR}/tests/npm)

function(stompchat_js_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL;SOURCE;SERVER;TIMEOUT" "SERVICES")
    if(NOT DEFINED arg_TIMEOUT)
        set(arg_TIMEOUT 120)
    endif()
    if(NOT DEFINED arg_SERVER)
        set(arg_SERVER stompchat-server)
    endif()
    if(NOT STOMPCHAT_NODE OR NOT STOMPCHAT_NPM)
        # Loud, but only when the test is asked for.
        add_test(NAME ${name} COMMAND ${CMAKE_COMMAND} -E echo "needs Node.js 18 or newer and npm: apt-get install nodejs npm")
        set_tests_properties(${name} PROPERTIES LABELS ${arg_LABEL} FAIL_REGULAR_EXPRESSION "needs Node.js")
        return()
    endif()
    math(EXPR seconds "${arg_TIMEOUT} - 10")
    stompchat_with_services(command ${arg_SERVICES})
    add_test(NAME ${name} COMMAND ${command} ${STOMPCHAT_NODE} --test-reporter=spec ${CMAKE_CURRENT_SOURCE_DIR}/${arg_SOURCE})
    set_tests_properties(${name} PROPERTIES
        LABELS ${arg_LABEL}
        TIMEOUT ${arg_TIMEOUT}
        FIXTURES_REQUIRED npm
        ENVIRONMENT "TEST_SERVER=$<TARGET_FILE:${arg_SERVER}>;TEST_NPM=${stompchat_test_npm};TEST_TMP=${CMAKE_CURRENT_BINARY_DIR};TEST_SECONDS=${seconds}")
    stompchat_needs_services(${name} ${arg_SERVICES})
endfunction()
