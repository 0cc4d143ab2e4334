# Compiler cache, warnings, hardening and sanitizers. Warnings are errors for us, never for whoever embeds us.
if(PROJECT_IS_TOP_LEVEL)
  find_program(ANNALS_CCACHE ccache)
  if(ANNALS_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${ANNALS_CCACHE}")
  endif()
endif()

add_library(annals_warnings INTERFACE)
if(PROJECT_IS_TOP_LEVEL)
  target_compile_options(annals_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
    -Wold-style-cast -Werror
    # GCC 12 sees overlapping copies in std::string's operator+ that are not there (GCC bug 105651).
    $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
endif()

# What our binaries carry against an attacker who has found a bug: tests/package/check_hardening.py reads it back from
# the ELF. An embedding project decides for itself.
if(PROJECT_IS_TOP_LEVEL)
  include(CheckPIESupported)
  check_pie_supported(LANGUAGES CXX)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
  add_compile_options(-fstack-protector-strong)
  add_link_options(LINKER:-z,relro LINKER:-z,now)
  if(NOT ANNALS_SANITIZE)  # the sanitizers have wrappers of their own for what it checks
    # It needs the optimiser; -U, because some distributions' compilers define it already.
    add_compile_options("$<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>")
  endif()
endif()

if(ANNALS_SANITIZE)
  add_compile_options(-fsanitize=${ANNALS_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${ANNALS_SANITIZE})
  # GCC 12 sees uninitialised members of <regex> in what a sanitizer adds.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
  if(ANNALS_SANITIZE MATCHES undefined)
    add_compile_options(-fno-sanitize-recover=all)
  endif()
endif()
