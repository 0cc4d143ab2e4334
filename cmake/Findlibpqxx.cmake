# libpqxx::pqxx. Upstream's own package when there is one (7.x built with CMake); otherwise Debian's libpqxx.pc.
include(FindPackageHandleStandardArgs)
find_package(libpqxx CONFIG QUIET)
if(TARGET libpqxx::pqxx)
  set(libpqxx_FOUND TRUE)
  return()
endif()
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(PC_PQXX QUIET IMPORTED_TARGET libpqxx)
endif()
find_package_handle_standard_args(libpqxx
  REQUIRED_VARS PC_PQXX_FOUND
  VERSION_VAR PC_PQXX_VERSION
  REASON_FAILURE_MESSAGE "install libpqxx (Debian: libpqxx-dev)")
if(libpqxx_FOUND AND NOT TARGET libpqxx::pqxx)
  add_library(libpqxx::pqxx INTERFACE IMPORTED)
  target_link_libraries(libpqxx::pqxx INTERFACE PkgConfig::PC_PQXX)
endif()
