# annals_add_test(<name> TIER unit|integration|fault|package SOURCES … [LINK …] [SERIAL])
#
# A GoogleTest program whose cases become ctest entries, labelled by tier. integration and fault talk to the stack that
# script/test brings up (ANNALS_DATABASE, ANNALS_KAFKA). SERIAL: its cases never run beside others.
find_package(GTest REQUIRED)
include(GoogleTest)

function(annals_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL" "TIER;TIMEOUT" "SOURCES;LINK")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LINK} GTest::gmock GTest::gtest_main annals_warnings)
  set(properties LABELS ${arg_TIER} TIMEOUT ${arg_TIMEOUT})
  set(suppressions "${PROJECT_SOURCE_DIR}/tests/sanitizers")
  if(ANNALS_SANITIZE MATCHES address)
    list(APPEND properties ENVIRONMENT "LSAN_OPTIONS=suppressions=${suppressions}/lsan.supp:print_suppressions=0")
  elseif(ANNALS_SANITIZE MATCHES thread)
    list(APPEND properties ENVIRONMENT "TSAN_OPTIONS=suppressions=${suppressions}/tsan.supp")
  endif()
  if(arg_SERIAL)
    list(APPEND properties RUN_SERIAL TRUE)
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 30
    TEST_PREFIX "${arg_TIER}." PROPERTIES ${properties})
endfunction()
