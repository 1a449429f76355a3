# Configures a project that must be content.
include(${CMAKE_CURRENT_LIST_DIR}/common.cmake)

separate_arguments(options UNIX_COMMAND "${options}")
file(REMOVE_RECURSE ${work}/${name})
configure_command(configure ${project} ${work}/${name} ${options})
run("configuring" ${configure})
