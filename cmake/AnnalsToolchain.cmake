# Compiler cache, warnings and sanitizers. Warnings are errors for us, never for whoever embeds us.
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

if(ANNALS_SANITIZE)
  add_compile_options(-fsanitize=${ANNALS_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${ANNALS_SANITIZE})
  if(ANNALS_SANITIZE MATCHES undefined)
    add_compile_options(-fno-sanitize-recover=all)
  endif()
endif()
