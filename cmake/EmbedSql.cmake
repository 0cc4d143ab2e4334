# Script mode: writes OUT from the files INPUTS. See AnnalsEmbedSql.cmake.
set(text "// Generated from sql/*.sql; do not edit.\n#pragma once\n#include <string_view>\n")
string(APPEND text "namespace annals::${MODULE}::sql {\n")
foreach(file IN LISTS INPUTS)
  get_filename_component(name "${file}" NAME_WE)
  if(name MATCHES "^[0-9]")
    set(name "m${name}")  # 001_events.sql -> m001_events
  endif()
  file(READ "${file}" body)
  string(APPEND text "inline constexpr std::string_view ${name} = R\"__sql__(${body})__sql__\";\n")
endforeach()
string(APPEND text "}  // namespace annals::${MODULE}::sql\n")
file(WRITE "${OUT}" "${text}")
