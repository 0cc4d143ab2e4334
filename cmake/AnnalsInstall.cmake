# find_package(annals COMPONENTS …): the Find modules travel with the package, because consumers on Debian
# need them as much as we do.
include(CMakePackageConfigHelpers)
set(annals_cmake_dir "${CMAKE_INSTALL_LIBDIR}/cmake/annals")
get_property(ANNALS_MODULES GLOBAL PROPERTY ANNALS_MODULES)
get_property(ANNALS_NEEDS GLOBAL PROPERTY ANNALS_NEEDS)

configure_package_config_file(cmake/annals-config.cmake.in "${CMAKE_CURRENT_BINARY_DIR}/annals-config.cmake"
  INSTALL_DESTINATION "${annals_cmake_dir}")
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/annals-config-version.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${CMAKE_CURRENT_BINARY_DIR}/annals-config.cmake"
  "${CMAKE_CURRENT_BINARY_DIR}/annals-config-version.cmake"
  cmake/Findlibpqxx.cmake cmake/FindRdKafka.cmake
  DESTINATION "${annals_cmake_dir}")
