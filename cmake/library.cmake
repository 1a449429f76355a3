# The two targets. Both are made of the same files: stompchat::stompchat compiles the .ipp files once, one unit for each layer,
# stompchat::headers includes them behind the headers.

file(GLOB stompchat_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/*.cpp)
file(GLOB_RECURSE stompchat_headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/*.hpp)
file(GLOB_RECURSE stompchat_implementation CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/*.ipp)

set(stompchat_details ${stompchat_headers})
list(FILTER stompchat_details INCLUDE REGEX "/detail/")
list(REMOVE_ITEM stompchat_headers ${stompchat_details})

# Three sets, all installed. CMake can verify that each header of a set compiles alone; the .ipp files need their header first.
function(stompchat_set_up target scope)
    target_sources(${target} ${scope}
        FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/include FILES ${stompchat_headers}
        FILE_SET details TYPE HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/include FILES ${stompchat_details}
        FILE_SET implementation TYPE HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/include FILES ${stompchat_implementation})
    target_compile_features(${target} ${scope} cxx_std_20)
    target_link_libraries(${target} ${scope} Boost::headers OpenSSL::SSL OpenSSL::Crypto Threads::Threads)

    # A program made of both modes breaks the one-definition rule. CMake compares this property over everything that a target links and
    # stops at configure time when the values differ; its message consists of the property's name and the targets, hence this name.
    set_target_properties(${target} PROPERTIES
        INTERFACE_STOMPCHAT_COMPILED_OR_HEADER_ONLY_BUT_NOT_BOTH ${target}
        COMPATIBLE_INTERFACE_STRING STOMPCHAT_COMPILED_OR_HEADER_ONLY_BUT_NOT_BOTH)
endfunction()

add_library(stompchat ${stompchat_sources})
add_library(stompchat::stompchat ALIAS stompchat)
stompchat_set_up(stompchat PUBLIC)
target_link_libraries(stompchat PUBLIC fmt::fmt)
set_target_properties(stompchat PROPERTIES INTERFACE_HEADER_SETS_TO_VERIFY "HEADERS;details")
# Before 1.0 a minor version may change the ABI, as the inline namespace says too.
set_target_properties(stompchat PROPERTIES
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
    POSITION_INDEPENDENT_CODE ON)

add_library(stompchat_headers INTERFACE)
add_library(stompchat::headers ALIAS stompchat_headers)
stompchat_set_up(stompchat_headers INTERFACE)
# Not the details: in this mode those that need each other are complete only behind the header that users include.
set_target_properties(stompchat_headers PROPERTIES EXPORT_NAME headers INTERFACE_HEADER_SETS_TO_VERIFY HEADERS)
target_compile_definitions(stompchat_headers INTERFACE STOMPCHAT_HEADER_ONLY)
target_link_libraries(stompchat_headers INTERFACE fmt::fmt-header-only)
