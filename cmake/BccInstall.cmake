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
install(FILES docs/man/bcc.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES docs/man/bccc.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
install(FILES README.html CHANGES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

install(EXPORT bcc-targets NAMESPACE bcc::
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/bcc FILE bcc-config.cmake)
write_basic_package_version_file(
  ${CMAKE_CURRENT_BINARY_DIR}/bcc-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/bcc-config-version.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/bcc)

# Found from where the file lies, so that an installed tree can be moved.
file(RELATIVE_PATH bcc_prefix_from_pc
  ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(cmake/bcc.pc.in bcc.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/bcc.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
