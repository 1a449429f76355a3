# cmake -DMAVEN=<mvn> -DINTO=<folder> -P build.cmake
#
# Compiles the tests with Spring's client into INTO/classes, and what they need into INTO/lib. Does nothing when that is there already.
if(NOT MAVEN)
    message(FATAL_ERROR "needs Maven and Java 17 or newer; on Debian and Ubuntu: apt-get install maven default-jdk-headless")
endif()
file(GLOB_RECURSE sources ${CMAKE_CURRENT_LIST_DIR}/src/*.java)
set(wanted)
foreach(source IN LISTS sources ITEMS ${CMAKE_CURRENT_LIST_DIR}/pom.xml)
    file(SHA256 ${source} hash)
    string(APPEND wanted ${hash} "\n")
endforeach()
set(built)
if(EXISTS ${INTO}/built)
    file(READ ${INTO}/built built)
endif()
if(NOT built STREQUAL wanted)
    file(REMOVE_RECURSE ${INTO})
    # Without a network what was loaded earlier will do.
    foreach(mode IN ITEMS --offline --update-snapshots)
        execute_process(
            COMMAND ${MAVEN} ${mode} --quiet --batch-mode --file ${CMAKE_CURRENT_LIST_DIR}/pom.xml -Dbuild.folder=${INTO}
                    compiler:compile dependency:copy-dependencies
            TIMEOUT 300 OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE failed)
        if(NOT failed)
            break()
        endif()
    endforeach()
    if(failed)
        message(FATAL_ERROR "Maven failed (${failed}):\n${output}")
    endif()
    file(WRITE ${INTO}/built "${wanted}")
endif()
