# annals_embed_sql(<module> SQL … [FRAGMENTS …]): every sql/*.sql named in SQL becomes a constant of annals::<module>::sql.
#
# One statement a file (migrations: one step a file). The generated header, annals_<module>_sql.hpp, is private to
# the module: SQL is data of the library, not part of its interface. FRAGMENTS: files outside of sql/ that some of them
# include, by a line "-- include FILE NAME=VALUE" (EmbedSql.cmake).
function(annals_embed_sql module)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SQL;FRAGMENTS")
  set(out "${CMAKE_CURRENT_BINARY_DIR}/sql/annals_${module}_sql.hpp")
  set(inputs "")
  foreach(file IN LISTS arg_SQL)
    list(APPEND inputs "${CMAKE_CURRENT_SOURCE_DIR}/sql/${file}")
  endforeach()
  add_custom_command(
    OUTPUT "${out}"
    COMMAND "${CMAKE_COMMAND}" "-DMODULE=${module}" "-DOUT=${out}" "-DINPUTS=${inputs}"
            "-DROOT=${PROJECT_SOURCE_DIR}" -P "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/EmbedSql.cmake"
    DEPENDS ${inputs} ${arg_FRAGMENTS} "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/EmbedSql.cmake"
    COMMENT "Embedding SQL of ${module}"
    VERBATIM)
  target_sources(annals_${module} PRIVATE "${out}")
  target_include_directories(annals_${module} PRIVATE "${CMAKE_CURRENT_BINARY_DIR}/sql")
endfunction()
