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
/// and from there on one behind the other, as an earlier run wrote them; what others appended between its chunks is passed
/// over. Once one is new, the rest are.
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
  /// Of an event of the chunk, by its index.
  struct Place {
    std::size_t event;
    std::int64_t version;
  };
  /// The events of one stream, and how far they were found in the log.
  struct Walk {
    std::int64_t next = 0;  ///< where the next one without a version is, if it is there; 0: anywhere
    std::vector<std::size_t> events = {};
    std::size_t done = 0;  ///< of them
    bool is_new = false;   ///< the rest of them is not in the log
  };
  void begin_walks(Events events);
  static void line_up(Events events, const Heads& heads, const Walk& walk, std::vector<Place>& places);
  static bool go_on(Events events, const std::vector<Presence>& presence, Walk& walk);
  [[nodiscard]] std::vector<Place> find_missing(postgres::Connection& connection, Events events, const Heads& heads,
                                                const std::vector<Presence>& presence);
  void compare(postgres::Connection& connection, Events events, const Heads& heads, const std::vector<Place>& places,
               std::vector<Presence>& presence);

  std::string present_;
  std::string versions_of_ids_;
  bool repeating_ = true;
  ByName<std::int64_t> next_;                         ///< Walk::next of each stream, behind what is settled
  std::unordered_map<std::string_view, Walk> walks_;  ///< of the chunk on its way
};

}  // namespace annals::eventstore
