#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/invocation.hpp"

namespace annals::cli {

struct StreamShow {
  std::string name;
  std::optional<std::int64_t> from;
  std::size_t limit = 100;
  bool backward = false;
};
/// `annals stream show`: the events of one stream.
host::ExitCode show_stream(Invocation& invocation, const StreamShow& options);

struct StreamAppend {
  std::string name;
  std::string type;
  std::string data = "{}";  ///< JSON, @file, or - for standard input
  std::string content_type = "application/json";
  std::string expected = "any";  ///< any, no-stream, exists, or a version
  std::optional<std::string> id;
  std::vector<std::string> metadata;  ///< key=value
};
/// `annals stream append`: one event; ExitCode::conflict when the stream is not at the expected version.
host::ExitCode append_to_stream(Invocation& invocation, const StreamAppend& options);

struct StreamList {
  std::string prefix;
  std::string after;
  std::size_t limit = 100;
};
/// `annals stream list`: names and heads, in byte order of the names.
host::ExitCode list_streams(Invocation& invocation, const StreamList& options);

struct StreamCheck {
  std::int64_t events = 10'000;  ///< the last ones
};
/// `annals stream check`: what no append can have left; ExitCode::check_failed when there is such a thing.
host::ExitCode check_streams(Invocation& invocation, const StreamCheck& options);

struct StreamAdopt {
  bool yes = false;
};
/// `annals stream adopt`: gives events of unknown streams a stream, so that readers go on.
host::ExitCode adopt_streams(Invocation& invocation, const StreamAdopt& options);

}  // namespace annals::cli
