# What the libraries themselves need. Programs and tests find theirs in their own folders.
find_package(Threads REQUIRED)
find_package(PostgreSQL REQUIRED)
find_package(libpqxx 6.4 REQUIRED)
find_package(RdKafka 2.0 REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(OpenSSL 1.1.1 REQUIRED)
find_package(Protobuf CONFIG QUIET)
if(NOT TARGET protobuf::libprotobuf)
  find_package(Protobuf 3.21 REQUIRED)
endif()

if(ANNALS_SANITIZE MATCHES thread)
  # ThreadSanitizer does not know the threads that librdkafka starts: see the head of the file.
  add_library(annals_c11_threads STATIC "${PROJECT_SOURCE_DIR}/tests/sanitizers/c11_threads.cpp")
  target_link_libraries(annals_c11_threads PRIVATE Threads::Threads)
  target_link_libraries(RdKafka::rdkafka INTERFACE "$<LINK_LIBRARY:WHOLE_ARCHIVE,annals_c11_threads>")
endif()
