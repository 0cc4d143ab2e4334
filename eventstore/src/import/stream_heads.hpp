#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "annals/eventstore/importer.hpp"

namespace annals::postgres {
class Connection;
}

namespace annals::eventstore {

/// One stream as a chunk finds it.
struct StreamHead {
  std::int64_t stream_id = 0;  ///< 0: it does not exist
  std::int64_t in_log = 0;     ///< version
  std::int64_t before = 0;     ///< the same, and what the chunks of a dry run would have added
  std::int64_t fresh = 0;      ///< events that the chunk adds
};

/// Finds and compares without a copy of the name.
struct NameHash {
  using is_transparent = void;
  [[nodiscard]] std::size_t operator()(std::string_view name) const noexcept {
    return std::hash<std::string_view>{}(name);
  }
};
template <class Value>
using ByName = std::unordered_map<std::string, Value, NameHash, std::equal_to<>>;

/// The heads of the streams of a chunk. Not thread-safe.
class StreamHeads {
 public:
  StreamHeads(const std::string& schema, bool dry_run);

  /// The head of each event's stream, in the events' order; valid until the next read() or clear(). Asks for those that are
  /// not known, and locks them unless the run is dry.
  [[nodiscard]] std::vector<StreamHead*> read(postgres::Connection& connection, std::span<const ImportedEvent> events);
  /// Moves the heads on by what is fresh. Returns how many streams that created. Throws a retryable Error when somebody
  /// created one of the streams since read().
  std::size_t move_on(postgres::Connection& connection);
  /// How many streams move_on() would create.
  [[nodiscard]] std::size_t count_new() const noexcept;
  /// The chunk as if it were in the log: what comes next begins behind it.
  void settle() noexcept;
  void clear() noexcept { heads_.clear(); }

 private:
  std::string read_;
  std::string move_;
  ByName<StreamHead> heads_;
};

}  // namespace annals::eventstore
