# cmake --build build -t uninstall: remove what this build directory installed,
# under the present DESTDIR, and nothing else.
#
# Each install writes down, in build/installed/, its files, and the directories
# that it was the first to make. (CMake's own manifest names no directories, and
# that of the last install alone.) A file that was overwritten is not restored.
# Installs of a single component, as cpack makes them, write nothing. A project
# that includes this one installs with rules of its own.
if(NOT PROJECT_IS_TOP_LEVEL)
  function(bcc_end_install)
  endfunction()
  return()
endif()
set(bcc_record_script ${PROJECT_SOURCE_DIR}/cmake/record_install.cmake)
# What root writes during an install belongs to the user of the build directory
# if it exists before: otherwise that user could not install elsewhere again.
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/installed)
file(TOUCH ${PROJECT_BINARY_DIR}/installed/cmake.lock
  ${PROJECT_BINARY_DIR}/install_manifest.txt)

# Where files go. Folders below one that an install made count as made, too.
set(bcc_data ${CMAKE_INSTALL_DATADIR})
set(bcc_folders
  ${CMAKE_INSTALL_BINDIR} ${CMAKE_INSTALL_INCLUDEDIR}/bcc
  ${CMAKE_INSTALL_LIBDIR}/cmake/obcc ${CMAKE_INSTALL_LIBDIR}/pkgconfig
  ${CMAKE_INSTALL_LIBEXECDIR}/bcc ${CMAKE_INSTALL_DOCDIR}
  ${CMAKE_INSTALL_MANDIR}/man1 ${CMAKE_INSTALL_MANDIR}/man3
  ${CMAKE_INSTALL_MANDIR}/man8 ${bcc_data}/obcc/python
  ${bcc_data}/bash-completion/completions ${bcc_data}/zsh/site-functions
  ${bcc_data}/fish/vendor_completions.d
  ${bcc_data}/gdb/auto-load/usr/${CMAKE_INSTALL_LIBDIR}
  ${bcc_data}/gdb/auto-load/usr/${CMAKE_INSTALL_BINDIR})

# Before the first rule: the directories do not exist yet.
install(CODE "
  set(BCC_RECORDS \"${PROJECT_BINARY_DIR}/installed\")
  set(BCC_FOLDERS \"${bcc_folders}\")
  set(BCC_ACTION begin)
  include(\"${bcc_record_script}\")" COMPONENT uninstall)

# After the last rule.
function(bcc_end_install)
  install(CODE "
    set(BCC_ACTION end)
    include(\"${bcc_record_script}\")" COMPONENT uninstall)
endfunction()

add_custom_target(uninstall
  COMMAND ${CMAKE_COMMAND} -D BCC_RECORDS=${PROJECT_BINARY_DIR}/installed
    -D BCC_ACTION=uninstall -P ${bcc_record_script}
  COMMENT "Removing what was installed" VERBATIM)
