# annals_add_library(<module> SOURCES … HEADERS … [PUBLIC deps…] [PRIVATE deps…])
#
# One call a module: the same warnings, the same self-contained-header check and the same install rules.
# Headers live in include/annals/<module>/, sources in src/, both named by the caller: no globbing. Always static,
# whatever BUILD_SHARED_LIBS says: docs/adr/0009.
function(annals_add_library module)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;HEADERS;PUBLIC;PRIVATE")
  set(target annals_${module})
  list(TRANSFORM arg_SOURCES PREPEND src/)
  list(TRANSFORM arg_HEADERS PREPEND include/annals/${module}/)

  add_library(${target} STATIC ${arg_SOURCES})
  add_library(annals::${module} ALIAS ${target})
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS include FILES ${arg_HEADERS})
  target_include_directories(${target} PRIVATE src)
  target_link_libraries(${target}
    PUBLIC ${arg_PUBLIC}
    PRIVATE $<BUILD_INTERFACE:annals_warnings> ${arg_PRIVATE})
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME annals_${module}
    POSITION_INDEPENDENT_CODE ON
    VERIFY_INTERFACE_HEADER_SETS ${PROJECT_IS_TOP_LEVEL}
    CXX_EXTENSIONS OFF)
  annals_install_component(${module} ${arg_PUBLIC} ${arg_PRIVATE})
endfunction()

# annals_install_component(<module> <what it links>…): find_package(annals COMPONENTS <module>) then gives annals::<module> and
# asks for the packages behind these targets, and for no other.
function(annals_install_component module)
  set(target annals_${module})
  set_property(TARGET ${target} PROPERTY EXPORT_NAME ${module})
  list(TRANSFORM ARGN REPLACE "^annals::" "")
  list(TRANSFORM ARGN REPLACE "::.*" "")
  list(TRANSFORM ARGN REPLACE "^protobuf$" "Protobuf")
  set_property(GLOBAL APPEND PROPERTY ANNALS_MODULES ${module})
  set_property(GLOBAL APPEND_STRING PROPERTY ANNALS_NEEDS "set(annals_needs_${module} ${ARGN})\n")
  install(TARGETS ${target} EXPORT annals-${module} FILE_SET HEADERS)
  install(EXPORT annals-${module} NAMESPACE annals:: DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/annals")
endfunction()
