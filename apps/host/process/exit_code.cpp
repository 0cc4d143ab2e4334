#include "host/process/exit_code.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

#include "annals/core/assert.hpp"

namespace annals::host {
namespace {

struct Row {
  ExitCode code;
  std::string_view meaning;
};

/// Most serious first.
constexpr std::array rows{
    Row{ExitCode::failed, "failed: see the message"},
    Row{ExitCode::check_failed,
        "the database is not as it must be: a check, the schema, a checkpoint of another history"},
    Row{ExitCode::halted, "halted on a message that can never be delivered, or that has no route"},
    Row{ExitCode::usage, "bad command line, configuration or input: fix it, repeating is pointless"},
    Row{ExitCode::unavailable, "away, busy or not prepared: repeat later, or do what the hint says"},
    Row{ExitCode::conflict, "the stream is not at the expected version; nothing was appended"},
    Row{ExitCode::not_found, "the stream, relay or projection named does not exist"},
    Row{ExitCode::in_flight, "stopped with messages in flight; they are sent again at the next start"},
    Row{ExitCode::interrupted,
        "ended by SIGINT or SIGTERM before it was done; nothing was changed, unless the message says so"},
    Row{ExitCode::ok, "done"},
};

std::size_t rank(ExitCode code) noexcept {
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return r.code == code; });
  ANNALS_ASSERT(row != rows.end());
  return static_cast<std::size_t>(row - rows.begin());
}

}  // namespace

ExitCode worse(ExitCode a, ExitCode b) noexcept { return rank(a) < rank(b) ? a : b; }

std::string exit_code_table(std::initializer_list<ExitCode> codes) {
  std::string text;
  for (const auto code : codes) {
    fmt::format_to(std::back_inserter(text), "  {:>3}  {}\n", static_cast<int>(code), rows[rank(code)].meaning);
  }
  return text;
}

}  // namespace annals::host
