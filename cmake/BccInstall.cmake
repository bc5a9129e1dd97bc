# cmake --install: headers, libraries, tools, documents, manual pages,
# completions, pkg-config files, and a CMake package (find_package(obcc), targets
# obcc::obcc, obcc::run and obcc::static). Each rule has the component of the
# package that it belongs to, see BccPackage.cmake.
include(CMakePackageConfigHelpers)
include(cmake/BccDocuments.cmake)
include(cmake/BccUninstall.cmake)

# ---- Library ----

install(DIRECTORY include/bcc DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  COMPONENT development)
install(TARGETS obcc EXPORT obcc-targets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    COMPONENT library NAMELINK_COMPONENT development)
install(TARGETS obccrun EXPORT obcc-targets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    COMPONENT run NAMELINK_COMPONENT development)
install(FILES ${PROJECT_BINARY_DIR}/${CMAKE_INSTALL_LIBDIR}/libobcc.a
  DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)

set(obcc_package ${CMAKE_INSTALL_LIBDIR}/cmake/obcc)
install(EXPORT obcc-targets NAMESPACE obcc:: DESTINATION ${obcc_package}
  COMPONENT development)
configure_package_config_file(cmake/obcc-config.cmake.in obcc-config.cmake
  INSTALL_DESTINATION ${obcc_package}
  PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(
  ${CMAKE_CURRENT_BINARY_DIR}/obcc-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/obcc-config.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/obcc-config-version.cmake
  DESTINATION ${obcc_package} COMPONENT development)

# Relative to these files, so that an installed tree can be moved.
file(RELATIVE_PATH bcc_prefix_from_pc
  ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
foreach(name obcc obcc-run)
  configure_file(cmake/${name}.pc.in ${name}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
endforeach()

# ---- Tools ----

install(TARGETS bcc_tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
  COMPONENT tools)
install(TARGETS obcc_debug
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/bcc COMPONENT tools)
# The kernel's interpreter of bitcode, a link: see tools/bcc/cmd_binfmt.c.
install(FILES ${PROJECT_BINARY_DIR}/libexec/bcc/bcc-run
  DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/bcc COMPONENT tools)
if(BCC_BUILD_COMPILER)
  install(TARGETS bccc RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/bcc
    COMPONENT compiler)
  if(TARGET obcc_llvm)
    install(TARGETS obcc_llvm
      LIBRARY DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/bcc COMPONENT in_process)
  endif()
endif()
# GDB looks for a script beside a file of a process, by the file's own name, and
# below share/gdb/auto-load of its own prefix, where it need not be asked.
configure_file(tools/gdb/obcc-gdb.py.in obcc-gdb.py @ONLY)
foreach(entry ${CMAKE_INSTALL_LIBDIR}/libobcc.so.${PROJECT_VERSION}:library
              ${CMAKE_INSTALL_BINDIR}/bcc:tools)
  string(REGEX MATCH "(.*)/(.*):(.*)" entry ${entry})
  install(CODE "
    set(folder \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_MATCH_1}\")
    if(CMAKE_INSTALL_PREFIX STREQUAL \"/usr\")
      set(folder /usr/${CMAKE_INSTALL_DATADIR}/gdb/auto-load\${folder})
    endif()
    file(INSTALL \"${PROJECT_BINARY_DIR}/obcc-gdb.py\"
      DESTINATION \"\${folder}\" RENAME ${CMAKE_MATCH_2}-gdb.py)"
    COMPONENT ${CMAKE_MATCH_3})
endforeach()
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
      DESTINATION ${CMAKE_INSTALL_DATADIR}/${CMAKE_MATCH_2} COMPONENT tools)
  endforeach()
  add_custom_target(completions ALL DEPENDS ${bcc_completions})
endif()

# ---- Python, documents ----

install(FILES python/obcc.py DESTINATION ${CMAKE_INSTALL_DATADIR}/obcc/python
  COMPONENT python)
install(FILES docs/man/bcc.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1
  COMPONENT tools)
install(FILES docs/man/bccc.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8
  COMPONENT compiler)
install(DIRECTORY ${bcc_documents}/man/man3
  DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT development)
install(DIRECTORY ${bcc_documents}/doc/
  DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT documents)

bcc_end_install()
