# cmake -DNPM=<npm> -DFROM=<clients/js> -DINTO=<folder with node_modules> -P install.cmake
#
# Packs the client and unpacks it where the tests find it: they use what a user gets, never the source tree.
set(work ${INTO}/client)
file(REMOVE_RECURSE ${work})
file(MAKE_DIRECTORY ${work})
execute_process(COMMAND ${NPM} pack --silent --pack-destination ${work} WORKING_DIRECTORY ${FROM} OUTPUT_VARIABLE tarball
    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
file(ARCHIVE_EXTRACT INPUT ${work}/${tarball} DESTINATION ${work})
file(REMOVE_RECURSE ${INTO}/node_modules/@stompchat)
file(MAKE_DIRECTORY ${INTO}/node_modules/@stompchat)
file(RENAME ${work}/package ${INTO}/node_modules/@stompchat/client)
