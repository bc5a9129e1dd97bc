# cpack: Debian packages, one for each component of BccInstall.cmake.
#
#     libobcc0        the library                       (component library)
#     libobccrun0     pools of workers, calls, kernels  (run)
#     libobcc-dev     headers, libobcc.a, bcc(3)...     (development)
#     bcc-tools       bcc, what debuggers load          (tools)
#     bccc            the compiler process              (compiler)
#     libobcc-llvm    the compiler as a library         (in_process)
#     python3-obcc    the Python module                 (python_debian)
#     libobcc-doc     documents and examples            (documents)
#
# With -DCMAKE_INSTALL_PREFIX=/usr libraries go to /usr/lib/TRIPLE, where Debian
# has them, otherwise to /usr/lib. What packages alone have is excluded from
# cmake --install.
find_program(BCC_DPKG_SHLIBDEPS dpkg-shlibdeps)
mark_as_advanced(BCC_DPKG_SHLIBDEPS)
if(NOT BCC_DPKG_SHLIBDEPS OR CMAKE_CROSSCOMPILING)
  message(STATUS
    "no packages: they need dpkg-shlibdeps (dpkg-dev), on the machine itself")
  return()
endif()

set(BCC_PACKAGE_CONTACT "libbcc maintainers <root@localhost>"
  CACHE STRING "Maintainer of the packages: NAME <ADDRESS>")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME libbcc)
set(CPACK_PACKAGE_VENDOR libbcc)
set(CPACK_PACKAGE_CONTACT "${BCC_PACKAGE_CONTACT}")
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
  WORLD_READ WORLD_EXECUTE)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_THREADS 0)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS
  ${PROJECT_BINARY_DIR}/${CMAKE_INSTALL_LIBDIR})
set(CPACK_COMPONENTS_ALL)
# What Debian's policy asks of the files of all packages.
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/finish_package.cmake)

# bcc_add_package(COMPONENT NAME SECTION DESCRIPTION [FIELD VALUE]...): the first
# line of DESCRIPTION is the short one; FIELDs are CPack's.
macro(bcc_add_package component name section description)
  string(TOUPPER ${component} part)
  list(APPEND CPACK_COMPONENTS_ALL ${component})
  set(CPACK_DEBIAN_${part}_PACKAGE_NAME ${name})
  set(CPACK_DEBIAN_${part}_PACKAGE_SECTION ${section})
  set(CPACK_DEBIAN_${part}_DESCRIPTION "${description}")
  set(fields ${ARGN})
  while(fields)
    list(POP_FRONT fields field value)
    set(CPACK_DEBIAN_${part}_PACKAGE_${field} "${value}")
  endwhile()
endmacro()

# Control files of a package with a library: its dependants, and ldconfig.
macro(bcc_add_library_control component library package)
  set(control ${PROJECT_BINARY_DIR}/debian/${component})
  file(WRITE ${control}/shlibs "${library} 0 ${package} ${bcc_version}\n")
  file(WRITE ${control}/triggers "activate-noawait ldconfig\n")
  string(TOUPPER ${component} part)
  set(CPACK_DEBIAN_${part}_PACKAGE_CONTROL_EXTRA
    ${control}/shlibs ${control}/triggers)
endmacro()

# Of what is compiled for a machine, dpkg-shlibdeps knows the dependencies.
set(bcc_of_machine SHLIBDEPS ON)
set(bcc_version "(= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})")

bcc_add_package(library libobcc0 libs
"run LLVM bitcode that starts like native code: library
libobcc compiles LLVM bitcode once, keeps the native code in a cache file, and
maps it at every later launch. It contains no compiler: without the package
bccc it runs code that was compiled before."
  ${bcc_of_machine} RECOMMENDS "bccc ${bcc_version}"
  SUGGESTS "bcc-tools, zlib1g, libssl3 | libssl3t64")
bcc_add_library_control(library libobcc libobcc0)
bcc_add_package(run libobccrun0 libs
"run LLVM bitcode that starts like native code: kernels and calls
Pools of worker threads, checked calls by name, and kernels over many elements,
for programs that use libobcc."
  ${bcc_of_machine} DEPENDS "libobcc0 ${bcc_version}")
bcc_add_library_control(run libobccrun libobccrun0)
bcc_add_package(development libobcc-dev libdevel
"run LLVM bitcode that starts like native code: development files
Headers for C and C++, the static library, files for pkg-config and CMake, and
manual pages: bcc(3) is the first."
  ${bcc_of_machine}
  DEPENDS "libobcc0 ${bcc_version}, libobccrun0 ${bcc_version}"
  SUGGESTS "libobcc-doc, bcc-tools")
bcc_add_package(tools bcc-tools devel
"run LLVM bitcode that starts like native code: tools
The command bcc runs bitcode files, compiles them in advance, and looks after
the cache of native code. Debuggers and profilers get the names of functions
from this package."
  ${bcc_of_machine} RECOMMENDS "bccc ${bcc_version}"
  SUGGESTS "binfmt-support, libssl3 | libssl3t64, zlib1g" CONFLICTS bcc)
set(CPACK_DEBIAN_TOOLS_PACKAGE_CONTROL_EXTRA
  ${PROJECT_SOURCE_DIR}/cmake/debian/tools/prerm)
if(BCC_BUILD_COMPILER)
  bcc_add_package(compiler bccc devel
"run LLVM bitcode that starts like native code: compiler
The process that compiles bitcode for libobcc and bcc. It contains LLVM, which
makes it a package of its own, as it is large: more than 70 MB installed.
Machines that only run code that was compiled before do not need it."
    ${bcc_of_machine})
endif()
if(TARGET obcc_llvm)
  bcc_add_package(in_process libobcc-llvm libs
"run LLVM bitcode that starts like native code: compiler as a library
Compiles bitcode within the programs that use libobcc, for those that may not
start the process bccc. It contains LLVM: more than 70 MB installed."
    ${bcc_of_machine} DEPENDS "bccc ${bcc_version}")
endif()
bcc_add_package(python_debian python3-obcc python
"run LLVM bitcode that starts like native code: Python module
The module obcc compiles and calls LLVM bitcode, for instance that of llvmlite,
by means of libobcc."
  ARCHITECTURE all DEPENDS "python3, libobcc0 (>= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_PYTHON_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${PROJECT_SOURCE_DIR}/cmake/debian/python_debian/postinst
  ${PROJECT_SOURCE_DIR}/cmake/debian/python_debian/prerm)
bcc_add_package(documents libobcc-doc doc
"run LLVM bitcode that starts like native code: documents
Overview, architecture, cache file format, all manual pages as HTML, and
examples in C, C++ and Python."
  ARCHITECTURE all)

install(FILES python/obcc.py DESTINATION lib/python3/dist-packages
  COMPONENT python_debian EXCLUDE_FROM_ALL)
include(CPack)
