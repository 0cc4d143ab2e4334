#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "import/stream_heads.hpp"

namespace annals::eventstore {

/// Whether the log has an event at a place.
enum class Presence : std::uint8_t {
  absent,  ///< nothing, or something with another id
  same,
  other,  ///< the same id with another type or other data
};

/// Which events of a chunk the log has already.
///
/// Events without a version have a place as long as all before them were in the log: where the first of their stream is,
/// and from there on one after the other, as an earlier run wrote them. Once one is new, the rest are.
class PresenceCheck {
 public:
  explicit PresenceCheck(const std::string& schema);

  /// One a event of the chunk, whose heads are `heads`.
  [[nodiscard]] std::vector<Presence> ask(postgres::Connection& connection, std::span<const ImportedEvent> events,
                                          const std::vector<StreamHead*>& heads);
  /// The chunk is in the log; `repeats`: each of its events was there, or has a version.
  void settle(bool repeats);

 private:
  using Heads = std::vector<StreamHead*>;
  using Events = std::span<const ImportedEvent>;
  void find_first(postgres::Connection& connection, Events events, const Heads& heads);
  [[nodiscard]] std::vector<std::int64_t> places(Events events, const Heads& heads);

  std::string present_;
  std::string versions_of_ids_;
  bool repeating_ = true;
  /// Place of the next event without a version, by stream: what is settled, and what the chunk on its way moves.
  ByName<std::int64_t> next_;
  std::unordered_map<std::string_view, std::int64_t> moved_;
};

}  // namespace annals::eventstore
