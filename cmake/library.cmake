# The targets. Each component is there twice, made of the same files: compiled (stompchat::stompchat, stompchat::kafka, stompchat::redis),
# where src/ compiles the .ipp files once, one unit for each layer, and header-only (stompchat::headers, stompchat::kafka_headers,
# stompchat::redis_headers), where the headers include them.

# stompchat_set_up(<target> <scope> <folder>...)
#
# Gives a target what is below include/stompchat/<folder>; the folder "." means the headers at the root alone. Three sets, all installed.
# CMake can verify that each header of a set compiles alone; the .ipp files need their header first.
function(stompchat_set_up target scope)
    set(headers)
    set(implementation)
    foreach(folder IN LISTS ARGN)
        set(glob GLOB_RECURSE)
        set(below ${PROJECT_SOURCE_DIR}/include/stompchat/${folder})
        if(folder STREQUAL ".")
            set(glob GLOB)
            file(GLOB found CONFIGURE_DEPENDS ${below}/impl/*.ipp)
            list(APPEND implementation ${found})
        endif()
        file(${glob} found CONFIGURE_DEPENDS ${below}/*.hpp)
        list(APPEND headers ${found})
        file(${glob} found CONFIGURE_DEPENDS ${below}/*.ipp)
        list(APPEND implementation ${found})
    endforeach()
    set(details ${headers})
    list(FILTER details INCLUDE REGEX "/detail/")
    list(REMOVE_ITEM headers ${details})
    target_sources(${target} ${scope}
        FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/include FILES ${headers}
        FILE_SET details TYPE HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/include FILES ${details}
        FILE_SET implementation TYPE HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/include FILES ${implementation})

    # A program made of both modes breaks the one-definition rule. CMake compares this property over everything that a target links and
    # stops at configure time when the values differ; its message consists of the property's name and the targets, hence this name.
    set(mode compiled)
    # Not the details: in the header-only mode those that need each other are complete only behind the header that users include.
    set(verified HEADERS)
    if(scope STREQUAL "INTERFACE")
        set(mode header_only)
    else()
        list(APPEND verified details)
    endif()
    set_target_properties(${target} PROPERTIES
        INTERFACE_HEADER_SETS_TO_VERIFY "${verified}"
        INTERFACE_STOMPCHAT_COMPILED_OR_HEADER_ONLY_BUT_NOT_BOTH ${mode}
        COMPATIBLE_INTERFACE_STRING STOMPCHAT_COMPILED_OR_HEADER_ONLY_BUT_NOT_BOTH)
endfunction()

# stompchat_compiled(<target> <folder>...)
function(stompchat_compiled target)
    stompchat_set_up(${target} PUBLIC ${ARGN})
    # Before 1.0 a minor version may change the ABI, as the inline namespace says too.
    set_target_properties(${target} PROPERTIES
        VERSION ${PROJECT_VERSION}
        SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
        POSITION_INDEPENDENT_CODE ON)
endfunction()

file(GLOB stompchat_folders CONFIGURE_DEPENDS LIST_DIRECTORIES true RELATIVE ${PROJECT_SOURCE_DIR}/include/stompchat
    ${PROJECT_SOURCE_DIR}/include/stompchat/*)
list(FILTER stompchat_folders EXCLUDE REGEX "\\.hpp$|^(impl|kafka|redis)$")
file(GLOB stompchat_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/*.cpp)
list(FILTER stompchat_sources EXCLUDE REGEX "/src/(kafka|redis)\\.cpp$")

add_library(stompchat ${stompchat_sources})
add_library(stompchat::stompchat ALIAS stompchat)
stompchat_compiled(stompchat . ${stompchat_folders})
target_compile_features(stompchat PUBLIC cxx_std_20)
target_link_libraries(stompchat PUBLIC Boost::headers OpenSSL::SSL OpenSSL::Crypto Threads::Threads fmt::fmt)

add_library(stompchat_headers INTERFACE)
add_library(stompchat::headers ALIAS stompchat_headers)
stompchat_set_up(stompchat_headers INTERFACE . ${stompchat_folders})
set_target_properties(stompchat_headers PROPERTIES EXPORT_NAME headers)
target_compile_features(stompchat_headers INTERFACE cxx_std_20)
target_compile_definitions(stompchat_headers INTERFACE STOMPCHAT_HEADER_ONLY)
target_link_libraries(stompchat_headers INTERFACE Boost::headers OpenSSL::SSL OpenSSL::Crypto Threads::Threads fmt::fmt-header-only)

# stompchat_adapter(<component> <target of the client library>)
#
# The two targets of an adapter that has a client library of its own. Only its .ipp files include that library's headers.
function(stompchat_adapter component library)
    add_library(stompchat_${component} ${PROJECT_SOURCE_DIR}/src/${component}.cpp)
    add_library(stompchat::${component} ALIAS stompchat_${component})
    stompchat_compiled(stompchat_${component} ${component})
    set_target_properties(stompchat_${component} PROPERTIES EXPORT_NAME ${component})
    target_link_libraries(stompchat_${component} PUBLIC stompchat::stompchat PRIVATE ${library})

    add_library(stompchat_${component}_headers INTERFACE)
    add_library(stompchat::${component}_headers ALIAS stompchat_${component}_headers)
    stompchat_set_up(stompchat_${component}_headers INTERFACE ${component})
    set_target_properties(stompchat_${component}_headers PROPERTIES EXPORT_NAME ${component}_headers)
    target_link_libraries(stompchat_${component}_headers INTERFACE stompchat::headers ${library})
endfunction()

set(stompchat_components core)
if(STOMPCHAT_BUILD_KAFKA)
    stompchat_adapter(kafka PkgConfig::stompchat_rdkafka)
    list(APPEND stompchat_components kafka)
endif()
if(STOMPCHAT_BUILD_REDIS)
    stompchat_adapter(redis PkgConfig::stompchat_hiredis)
    list(APPEND stompchat_components redis)
endif()
