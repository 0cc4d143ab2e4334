# httplib::httplib. Upstream's own package when there is one; otherwise the distribution's cpp-httplib.pc, whose header calls
# OpenSSL directly (in ThreadPool, since 0.12) and whose .pc file names it as private only.
include(FindPackageHandleStandardArgs)
find_package(httplib CONFIG QUIET)
if(TARGET httplib::httplib)
  set(httplib_FOUND TRUE)
  return()
endif()
find_package(PkgConfig QUIET)
find_package(OpenSSL QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(PC_HTTPLIB QUIET IMPORTED_TARGET cpp-httplib)
endif()
find_package_handle_standard_args(httplib
  REQUIRED_VARS PC_HTTPLIB_FOUND OPENSSL_FOUND
  VERSION_VAR PC_HTTPLIB_VERSION
  REASON_FAILURE_MESSAGE "install cpp-httplib (Debian: libcpp-httplib-dev)")
if(httplib_FOUND AND NOT TARGET httplib::httplib)
  add_library(httplib::httplib INTERFACE IMPORTED)
  target_link_libraries(httplib::httplib INTERFACE PkgConfig::PC_HTTPLIB OpenSSL::Crypto)
endif()
