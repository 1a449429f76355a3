# stompchat_require(<package> [<version>] [CONFIG] DEBIAN <Debian package>)
#
# find_package(... REQUIRED) whose error says what was found instead and which Debian package has it.
macro(stompchat_require package)
    cmake_parse_arguments(stompchat_require "CONFIG" "DEBIAN" "" ${ARGN})
    set(stompchat_require_mode)
    if(stompchat_require_CONFIG)
        set(stompchat_require_mode CONFIG)
    endif()
    # A macro, because what find_package defines must reach the caller. The first of the remaining arguments, if any, is the version.
    find_package(${package} ${stompchat_require_UNPARSED_ARGUMENTS} ${stompchat_require_mode} QUIET)
    if(NOT ${package}_FOUND)
        set(stompchat_require_seen "was not found")
        if(${package}_CONSIDERED_VERSIONS)
            list(REMOVE_DUPLICATES ${package}_CONSIDERED_VERSIONS)
            list(JOIN ${package}_CONSIDERED_VERSIONS ", " stompchat_require_seen)
            set(stompchat_require_seen "is too old here (found ${stompchat_require_seen})")
        endif()
        list(JOIN stompchat_require_UNPARSED_ARGUMENTS " or newer " stompchat_require_version)
        if(stompchat_require_version)
            string(PREPEND stompchat_require_version " ")
            string(APPEND stompchat_require_version " or newer")
        endif()
        message(FATAL_ERROR
            "stompchat needs ${package}${stompchat_require_version}, which ${stompchat_require_seen}. "
            "On Debian and Ubuntu: apt-get install ${stompchat_require_DEBIAN}. "
            "Elsewhere: point CMAKE_PREFIX_PATH or ${package}_DIR at it.")
    endif()
endmacro()

# stompchat_require_module(<module> <version> DEBIAN <Debian package>)
#
# The same for a library that has a file for pkg-config and none for CMake. Defines PkgConfig::stompchat_<module>.
macro(stompchat_require_module module version debian package)
    stompchat_require(PkgConfig DEBIAN pkg-config)
    pkg_check_modules(stompchat_${module} IMPORTED_TARGET GLOBAL QUIET ${module}>=${version})
    if(NOT stompchat_${module}_FOUND)
        message(FATAL_ERROR
            "stompchat needs ${module} ${version} or newer, which pkg-config does not find. "
            "On Debian and Ubuntu: apt-get install ${package}. Elsewhere: point PKG_CONFIG_PATH at it.")
    endif()
endmacro()

# stompchat_use_ccache()
#
# Compiles through ccache where there is one and the caller chose no other launcher. For builds of stompchat itself: a project that uses
# stompchat decides for itself.
macro(stompchat_use_ccache)
    find_program(STOMPCHAT_CCACHE ccache)
    mark_as_advanced(STOMPCHAT_CCACHE)
    if(STOMPCHAT_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
        set(CMAKE_CXX_COMPILER_LAUNCHER ${STOMPCHAT_CCACHE})
    endif()
endmacro()

# stompchat_add_folders(<folder>...)
#
# add_subdirectory for those of the folders that are there: a source package may leave out what it does not need.
function(stompchat_add_folders)
    foreach(folder IN LISTS ARGN)
        if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/CMakeLists.txt)
            add_subdirectory(${folder})
        endif()
    endforeach()
endfunction()
