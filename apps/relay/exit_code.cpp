#include "exit_code.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <utility>

namespace annals::relayd {
namespace {

struct Row {
  ExitCode code;
  std::string_view meaning;
};

/// Most serious first.
constexpr std::array rows{
    Row{ExitCode::internal, "internal error"},
    Row{ExitCode::identity, "the checkpoint belongs to another history of the database"},
    Row{ExitCode::halted, "halted on a message that can never be delivered, or that has no route"},
    Row{ExitCode::config, "the configuration cannot work"},
    Row{ExitCode::unavailable, "database or sink away (only with --exit-on-unavailable)"},
    Row{ExitCode::drain_timeout, "stopped with messages in flight; they are sent again at the next start"},
    Row{ExitCode::clean, "stopped or caught up with nothing in flight"},
};

std::ptrdiff_t rank(ExitCode code) noexcept {
  return std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.code == code; }) - rows.begin();
}

}  // namespace

ExitCode worse(ExitCode a, ExitCode b) noexcept { return rank(a) < rank(b) ? a : b; }

std::string exit_code_help() {
  auto sorted = rows;
  std::sort(sorted.begin(), sorted.end(), [](const Row& a, const Row& b) { return a.code < b.code; });
  std::string out = "Exit codes:\n";
  for (const auto& row : sorted) out += fmt::format("  {:<4}{}\n", static_cast<int>(row.code), row.meaning);
  return out + "  130, 143  a second SIGINT or SIGTERM: left at once\n";
}

}  // namespace annals::relayd
