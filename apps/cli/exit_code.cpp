#include "exit_code.hpp"

#include <fmt/format.h>

#include <iterator>

namespace annals::cli {
namespace {

struct Meaning {
  ExitCode code;
  std::string_view text;
};

constexpr Meaning meanings[] = {
    {ExitCode::ok, "done"},
    {ExitCode::failed, "failed: see the message"},
    {ExitCode::usage, "bad command line or bad input: fix it, repeating is pointless"},
    {ExitCode::unavailable, "the database is away, busy or not prepared: repeat later, or do what the hint says"},
    {ExitCode::conflict, "the stream is not at the expected version; nothing was appended"},
    {ExitCode::check_failed, "a check failed (doctor, schema validate)"},
    {ExitCode::not_found, "the stream, relay or projection named does not exist"},
    {ExitCode::interrupted, "ended by SIGINT or SIGTERM before it was done; nothing was changed"},
};

}  // namespace

std::string exit_code_table() {
  std::string text;
  for (const auto& meaning : meanings) {
    fmt::format_to(std::back_inserter(text), "  {:>3}  {}\n", static_cast<int>(meaning.code), meaning.text);
  }
  return text;
}

}  // namespace annals::cli
