# RdKafka::rdkafka. Upstream's own package when there is one; otherwise the distribution's rdkafka.pc.
include(FindPackageHandleStandardArgs)
find_package(RdKafka CONFIG QUIET)
if(TARGET RdKafka::rdkafka)
  set(RdKafka_FOUND TRUE)
  return()
endif()
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(PC_RDKAFKA QUIET IMPORTED_TARGET rdkafka)
endif()
find_package_handle_standard_args(RdKafka
  REQUIRED_VARS PC_RDKAFKA_FOUND
  VERSION_VAR PC_RDKAFKA_VERSION
  REASON_FAILURE_MESSAGE "install librdkafka (Debian: librdkafka-dev)")
if(RdKafka_FOUND AND NOT TARGET RdKafka::rdkafka)
  add_library(RdKafka::rdkafka INTERFACE IMPORTED)
  target_link_libraries(RdKafka::rdkafka INTERFACE PkgConfig::PC_RDKAFKA)
endif()
