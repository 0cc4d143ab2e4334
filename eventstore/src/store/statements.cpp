#include "store/statements.hpp"

#include "annals/core/text.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_eventstore_sql.hpp"
#include "columns/event_columns.hpp"

namespace annals::eventstore {
namespace {

using columns::Form;
using postgres::render;

/// `first` is the number of the first parameter that is a column of the events.
std::string append_sql(std::string_view text, const std::string& schema, int first) {
  require_identifier("schema", schema);
  return render(text, {{"schema", schema},
                       {"names", columns::names()},
                       {"values", columns::values()},
                       {"arrays", columns::arrays(first)},
                       {"parameters", columns::parameters(first)}});
}

std::string read_sql(std::string_view text, const std::string& schema, const std::string& columns) {
  require_identifier("schema", schema);
  return render(text, {{"schema", schema}, {"columns", columns}});
}

}  // namespace

postgres::LogTable events_table(const std::string& schema) {
  return postgres::log_table(schema + ".events",
                             read_sql(sql::read_all, schema, columns::select_recorded(Form::binary)), "e.position",
                             schema + ".events_horizon");
}

Statements::Statements(const std::string& schema)
    : append("append", append_sql(sql::append, schema, 3)),
      append_one("append_one", append_sql(sql::append_one, schema, 3)),
      append_new("append_new", append_sql(sql::append_new, schema, 3)),
      head("head", render(sql::head, schema)),
      present("present", read_sql(sql::present, schema, columns::select_identity(Form::text))),
      read_forward("read_forward", read_sql(sql::read_stream_forward, schema, columns::select_recorded(Form::text))),
      read_backward("read_backward", read_sql(sql::read_stream_backward, schema, columns::select_recorded(Form::text))),
      present_binary(read_sql(sql::present, schema, columns::select_identity(Form::binary))),
      read_forward_binary(read_sql(sql::read_stream_forward, schema, columns::select_recorded(Form::binary))),
      read_backward_binary(read_sql(sql::read_stream_backward, schema, columns::select_recorded(Form::binary))),
      list_streams(render(sql::list_streams, schema)) {}

}  // namespace annals::eventstore
