#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/invocation.hpp"

namespace annals::cli {

/// Which relay's parked messages.
struct ParkedOf {
  std::string relay = "relay";
  std::string log = "outbox";
};

struct ParkedList : ParkedOf {
  bool all = false;  ///< with what is done
  std::optional<std::string> topic;
  std::optional<std::string> key;
  std::size_t limit = 100;
};
/// `annals outbox parked list`: what a relay set aside, oldest first.
host::ExitCode list_parked(Invocation& invocation, const ParkedList& options);

struct ParkedShow : ParkedOf {
  std::int64_t position = 0;
};
/// `annals outbox parked show`: all of one message, and what was decided about it.
host::ExitCode show_parked(Invocation& invocation, const ParkedShow& options);

struct ParkedDecide : ParkedOf {
  std::int64_t position = 0;
  std::string reason;
};
/// `annals outbox parked retry` and `skip`.
host::ExitCode retry_parked(Invocation& invocation, const ParkedDecide& options);
host::ExitCode skip_parked(Invocation& invocation, const ParkedDecide& options);

struct ParkedRelease : ParkedOf {
  std::string topic;
  std::string key;
  std::string reason;
};
/// `annals outbox parked release`: all of a key.
host::ExitCode release_parked(Invocation& invocation, const ParkedRelease& options);

struct ParkedHeaders : ParkedDecide {
  std::vector<std::string> set;     ///< name=value
  std::vector<std::string> remove;  ///< names
};
/// `annals outbox parked edit-headers`.
host::ExitCode edit_parked_headers(Invocation& invocation, const ParkedHeaders& options);

}  // namespace annals::cli
