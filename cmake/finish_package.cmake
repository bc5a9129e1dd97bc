# cpack runs this between install and package, once for all components: what
# Debian's policy asks of the files of a package.
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
set(changelog "libbcc (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) \
unstable; urgency=medium\n\n  * Made by cpack. CHANGES has what is new.\n
 -- ${CPACK_PACKAGE_CONTACT}  ${date}\n")
set(copyright
"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: libbcc

Files: *
Copyright: 2026 the authors of libbcc
License: Apache-2.0
 On Debian systems the text of this license is in
 /usr/share/common-licenses/Apache-2.0.
")
foreach(component IN LISTS CPACK_COMPONENTS_ALL)
  set(root ${CPACK_TEMPORARY_DIRECTORY}/${component}/usr)
  string(TOUPPER ${component} part)
  set(folder ${root}/share/doc/${CPACK_DEBIAN_${part}_PACKAGE_NAME})
  file(WRITE ${folder}/changelog.Debian "${changelog}")
  file(WRITE ${folder}/copyright "${copyright}")
  file(GLOB_RECURSE pages ${root}/share/man/*.[1-9])
  execute_process(COMMAND gzip -9nf ${folder}/changelog.Debian ${pages}
    COMMAND_ERROR_IS_FATAL ANY)
endforeach()
