# cmake -DNPM=<npm> -DFROM=<folder> -DINTO=<folder> -P npm_ci.cmake
#
# Installs the packages that FROM/package-lock.json names into INTO/node_modules, never into the source tree. Does nothing when the lock
# file is the one that was installed last.
file(SHA256 ${FROM}/package-lock.json wanted)
set(installed)
if(EXISTS ${INTO}/installed.sha256)
    file(READ ${INTO}/installed.sha256 installed)
endif()
if(NOT installed STREQUAL wanted)
    file(REMOVE ${INTO}/installed.sha256)
    file(COPY ${FROM}/package.json ${FROM}/package-lock.json DESTINATION ${INTO})
    execute_process(
        COMMAND ${NPM} ci --no-audit --no-fund --no-update-notifier --prefer-offline --loglevel=error
        WORKING_DIRECTORY ${INTO} TIMEOUT 300 OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE failed)
    if(failed)
        message(FATAL_ERROR "npm ci failed in ${INTO} (${failed}):\n${output}")
    endif()
    file(WRITE ${INTO}/installed.sha256 ${wanted})
endif()
