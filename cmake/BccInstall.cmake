# cmake --install: headers, library, tools, man pages, completions, a pkg-config
# file, and a CMake package (find_package(obcc), targets obcc::obcc, obcc::run
# and obcc::static).
include(CMakePackageConfigHelpers)

install(DIRECTORY include/bcc DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS obcc obccrun EXPORT obcc-targets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${PROJECT_BINARY_DIR}/${CMAKE_INSTALL_LIBDIR}/libobcc.a
  DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS bcc_tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS obcc_debug
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/bcc)
# GDB looks for a script beside a file of a process, by the file's own name, and
# below share/gdb/auto-load of its own prefix, where it need not be asked.
configure_file(tools/gdb/obcc-gdb.py.in obcc-gdb.py @ONLY)
foreach(entry ${CMAKE_INSTALL_FULL_LIBDIR}/libobcc.so.${PROJECT_VERSION}
              ${CMAKE_INSTALL_FULL_BINDIR}/bcc)
  get_filename_component(name ${entry} NAME)
  get_filename_component(folder ${entry} DIRECTORY)
  if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
    set(folder ${CMAKE_INSTALL_FULL_DATADIR}/gdb/auto-load${folder})
  endif()
  install(FILES ${PROJECT_BINARY_DIR}/obcc-gdb.py DESTINATION ${folder}
    RENAME ${name}-gdb.py)
endforeach()
if(BCC_BUILD_COMPILER)
  install(TARGETS bccc RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/bcc)
endif()
install(FILES python/obcc.py DESTINATION ${CMAKE_INSTALL_DATADIR}/obcc/python)
install(FILES docs/man/bcc.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES docs/man/bccc.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
# Completions for shells are what the tool prints, so it must run here.
if(NOT CMAKE_CROSSCOMPILING OR CMAKE_CROSSCOMPILING_EMULATOR)
  foreach(entry bash:bash-completion/completions/bcc
                zsh:zsh/site-functions/_bcc
                fish:fish/vendor_completions.d/bcc.fish)
    string(REGEX MATCH "([a-z]+):(.*/)(.*)" entry ${entry})
    set(file ${PROJECT_BINARY_DIR}/completions/${CMAKE_MATCH_1}/${CMAKE_MATCH_3})
    add_custom_command(OUTPUT ${file}
      COMMAND bcc_tool completion ${CMAKE_MATCH_1} > ${file}
      DEPENDS bcc_tool VERBATIM)
    file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/completions/${CMAKE_MATCH_1})
    list(APPEND bcc_completions ${file})
    install(FILES ${file}
      DESTINATION ${CMAKE_INSTALL_DATADIR}/${CMAKE_MATCH_2})
  endforeach()
  add_custom_target(completions ALL DEPENDS ${bcc_completions})
endif()
install(FILES README.html CHANGES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(obcc_package ${CMAKE_INSTALL_LIBDIR}/cmake/obcc)
install(EXPORT obcc-targets NAMESPACE obcc:: DESTINATION ${obcc_package})
configure_package_config_file(cmake/obcc-config.cmake.in obcc-config.cmake
  INSTALL_DESTINATION ${obcc_package}
  PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(
  ${CMAKE_CURRENT_BINARY_DIR}/obcc-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/obcc-config.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/obcc-config-version.cmake
  DESTINATION ${obcc_package})

# Relative to this file, so that an installed tree can be moved.
file(RELATIVE_PATH bcc_prefix_from_pc
  ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(cmake/obcc.pc.in obcc.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/obcc.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
