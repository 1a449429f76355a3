include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(stompchat_config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/stompchat)

# Each component has an export of its own: stompchatConfig.cmake sees from the files which components were built.
foreach(component IN LISTS stompchat_components)
    set(targets stompchat_${component} stompchat_${component}_headers)
    if(component STREQUAL "core")
        set(targets stompchat stompchat_headers)
    endif()
    install(TARGETS ${targets} EXPORT stompchat-${component} INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILE_SET HEADERS FILE_SET details FILE_SET implementation)
    install(EXPORT stompchat-${component} NAMESPACE stompchat:: FILE stompchat-${component}-targets.cmake
        DESTINATION ${stompchat_config_dir})
endforeach()

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/stompchatConfig.cmake.in ${PROJECT_BINARY_DIR}/stompchatConfig.cmake
    INSTALL_DESTINATION ${stompchat_config_dir} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/stompchatConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/stompchatConfig.cmake ${PROJECT_BINARY_DIR}/stompchatConfigVersion.cmake
    DESTINATION ${stompchat_config_dir})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
