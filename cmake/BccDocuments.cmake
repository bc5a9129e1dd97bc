# The documents as they are installed, in build/documents: see tools/documents.
# Manual pages as HTML need mandoc; without it links lead to troff.
set(bcc_documents ${PROJECT_BINARY_DIR}/documents)
file(GLOB_RECURSE bcc_document_sources CONFIGURE_DEPENDS
  ${PROJECT_SOURCE_DIR}/docs/* ${PROJECT_SOURCE_DIR}/examples/*
  ${PROJECT_SOURCE_DIR}/include/bcc/* ${PROJECT_SOURCE_DIR}/tools/manual/*)
add_custom_command(OUTPUT ${bcc_documents}.stamp
  COMMAND ${PROJECT_SOURCE_DIR}/tools/documents
    ${PROJECT_SOURCE_DIR} ${bcc_documents} ${PROJECT_VERSION}
  COMMAND ${CMAKE_COMMAND} -E touch ${bcc_documents}.stamp
  DEPENDS ${bcc_document_sources} ${PROJECT_SOURCE_DIR}/README.html
    ${PROJECT_SOURCE_DIR}/CHANGES ${PROJECT_SOURCE_DIR}/LICENSE
    ${PROJECT_SOURCE_DIR}/tools/documents
  COMMENT "Making manual pages and documents" VERBATIM)
add_custom_target(bcc_documents ALL DEPENDS ${bcc_documents}.stamp)
