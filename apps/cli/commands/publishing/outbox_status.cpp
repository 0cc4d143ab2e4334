#include "cli/commands/publishing/outbox_status.hpp"

#include "annals/outbox/status.hpp"
#include "cli/screen/age.hpp"

namespace annals::cli {

host::ExitCode show_outbox_status(Invocation& invocation) {
  auto connection = connect_ready(invocation.database);
  const auto status = outbox::read_outbox_status(connection, invocation.database.schema);
  print_object(
      invocation.output, invocation.format,
      {{"last_position"},
       {"rows_estimated"},
       {"size_bytes"},
       {"oldest_unpublished_age_ms"},
       {"claims_estimated"},
       {"claims_size_bytes"}},
      {cell(status.last_position), cell(status.rows_estimated), cell(status.size_bytes),
       age_cell(status.oldest_unpublished_age), cell(status.claims_estimated), cell(status.claims_size_bytes)});
  return host::ExitCode::ok;
}

}  // namespace annals::cli
