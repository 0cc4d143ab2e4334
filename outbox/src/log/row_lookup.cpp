#include "log/row_lookup.hpp"

#include <fmt/format.h>

#include "annals/postgres/connection.hpp"
#include "annals/postgres/tail/horizon_prover.hpp"

namespace annals::outbox {

bool RowLookup::find(std::int64_t position, MessageView& view) {
  // COPY takes no parameters; what is put into the text is an integer and the log's own select.
  connection_.copy_out(
      fmt::format("COPY ({} WHERE {} = {}) TO STDOUT (FORMAT binary)", log_.select, log_.position, position), 1,
      found_);
  if (found_.empty()) return false;
  found_.set_origin(log_.relation);
  messages_.learn(found_.row(0));
  messages_.decode(found_.row(0), view);
  return true;
}

bool RowLookup::find_settled(std::int64_t position, MessageView& view) {
  return postgres::is_there_once_settled(connection_, table_, [&] { return find(position, view); });
}

}  // namespace annals::outbox
