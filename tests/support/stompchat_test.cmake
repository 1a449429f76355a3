# stompchat_test(<name> LABEL <label> SOURCES <file>... [LIBRARIES <target>...] [TIMEOUT <seconds>] [SERIAL] [SERVICES <service>...])
#
# A doctest executable <name> that links the compiled library, and the CTest test of the same name. SERIAL is for tests that measure time
# on a real clock: nothing else runs beside them. SERVICES are started for the test and found through support/services.hpp: kafka or kafka3
# (one broker or three), redis, redis_tls, sentinel; with a broker and redis also nodes2 or nodes3, that many stompchat-servers.
function(stompchat_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL" "LABEL;TIMEOUT" "SOURCES;LIBRARIES;SERVICES")
    if(NOT DEFINED arg_TIMEOUT)
        set(arg_TIMEOUT 120)
    endif()
    add_executable(${name} ${arg_SOURCES})
    # Tests include what they share as <support/...>.
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    target_link_libraries(${name} PRIVATE test_main stompchat::stompchat ${arg_LIBRARIES})
    stompchat_with_services(command ${arg_SERVICES})
    add_test(NAME ${name} COMMAND ${command} $<TARGET_FILE:${name}>)
    set_tests_properties(${name} PROPERTIES LABELS ${arg_LABEL} TIMEOUT ${arg_TIMEOUT})
    if(arg_SERIAL)
        set_tests_properties(${name} PROPERTIES RUN_SERIAL ON)
    endif()
    stompchat_needs_services(${name} ${arg_SERVICES})
endfunction()

# stompchat_needs_services(<test> <service>...)
#
# What CTest has to know of a test that is run by stompchat_with_services.
function(stompchat_needs_services test)
    if("${ARGN}" MATCHES "kafka")
        # Kafka is downloaded before, which may take longer than any test.
        set_property(TEST ${test} APPEND PROPERTY FIXTURES_REQUIRED kafka)
    endif()
    if("${ARGN}" MATCHES "kafka3|nodes")
        set_tests_properties(${test} PROPERTIES PROCESSORS 2)
    endif()
endfunction()

# stompchat_with_services(<variable> <service>...)
#
# Sets the variable to the beginning of a command that starts these services for the rest of it; to nothing when there are none.
function(stompchat_with_services variable)
    set(${variable} "" PARENT_SCOPE)
    if(NOT ARGN)
        return()
    endif()
    stompchat_require(Python3 DEBIAN python3)
    set(options)
    foreach(service IN LISTS ARGN)
        if(service STREQUAL "kafka")
            list(APPEND options --brokers 1)
        elseif(service STREQUAL "kafka3")
            list(APPEND options --brokers 3)
        elseif(service MATCHES "^nodes([1-9])$")
            list(APPEND options --nodes ${CMAKE_MATCH_1} --server $<TARGET_FILE:stompchat-server>)
        elseif(service MATCHES "^(redis|redis_tls|sentinel)$")
            string(REPLACE "_" "-" service ${service})
            list(APPEND options --${service})
        else()
            message(FATAL_ERROR "there is no service \"${service}\"")
        endif()
    endforeach()
    set(${variable} ${Python3_EXECUTABLE} -B ${PROJECT_SOURCE_DIR}/tests/support/python/with_services.py ${options} -- PARENT_SCOPE)
endfunction()
