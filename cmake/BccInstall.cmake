# cmake --install: headers, library, tools, man pages, a pkg-config file, and a
# CMake package (find_package(bcc), target bcc::bcc).
include(CMakePackageConfigHelpers)

install(DIRECTORY include/bcc DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS bcc EXPORT bcc-targets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS bcc_tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
if(BCC_BUILD_COMPILER)
  install(TARGETS bccc RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/bcc)
endif()
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

install(EXPORT bcc-targets NAMESPACE bcc::
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/bcc FILE bcc-config.cmake)
write_basic_package_version_file(
  ${CMAKE_CURRENT_BINARY_DIR}/bcc-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/bcc-config-version.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/bcc)

configure_file(cmake/bcc.pc.in bcc.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/bcc.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
