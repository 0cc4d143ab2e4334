#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "annals/core/content_type.hpp"
#include "annals/core/metadata.hpp"
#include "annals/core/timestamp.hpp"

namespace annals::projections {

/// A message as it arrived from outside.
struct IncomingMessage {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string key;
  std::string id;             ///< ce_id; empty when the producer gave none
  std::string source;         ///< ce_source; id is unique within it
  std::string type;           ///< ce_type
  std::string subject;        ///< ce_subject: stream name of an event
  std::int64_t sequence = 0;  ///< ce_sequence: stream version of an event, 0 when absent
  ContentType content_type = ContentType::octet_stream;
  std::string payload;
  Timestamp time;
  Metadata metadata;  ///< correlation, causation, trace context and all other headers
  /// Why this is not all of the message: it broke a bound of the source, which left something out. Empty: it is whole.
  std::string damaged = {};
};

/// Port: the record of where a consumer stands in each partition, kept beside its effects. It decides where a Source
/// begins. Implemented by Inbox, in its own table, and by testing::MemoryOffsets.
///
/// Thread safety  none.
/// Errors         what the store throws; Error{corrupt}: the record belongs to another origin.
class OffsetTable {
 public:
  struct Place {
    std::int64_t next = 0;   ///< offset of the next message to handle; everything below it is handled
    bool can_prove = false;  ///< the id of the message just below is known: give that one again, it proves the topic
  };
  using Places = std::map<std::int32_t, Place>;  ///< by partition

  OffsetTable() = default;
  OffsetTable(const OffsetTable&) = delete;
  OffsetTable& operator=(const OffsetTable&) = delete;
  virtual ~OffsetTable() = default;

  /// All partitions of `topic` on record; none: this consumer has never read it. `origin` names the cluster or log whose
  /// offsets these are.
  [[nodiscard]] virtual Places places(const std::string& origin, const std::string& topic) = 0;
  /// Puts on record where partitions begin. Those that are on record already stay as they are.
  virtual void begin(const std::string& origin, const std::string& topic,
                     const std::map<std::int32_t, std::int64_t>& starts) = 0;
  /// What an operator runs to go on at `next` on purpose, for the hint of an Error.
  [[nodiscard]] virtual std::string how_to_set(const std::string& topic, std::int32_t partition,
                                               std::int64_t next) const = 0;

  /// Tells one record from another, also from one that lived at the same address.
  [[nodiscard]] const std::shared_ptr<const int>& identity() const noexcept { return identity_; }

 private:
  std::shared_ptr<const int> identity_ = std::make_shared<const int>(0);
};

/// Port: where messages come from. Implemented by kafka::KafkaSource and testing::MemorySource; each passes the
/// contract suite in annals/testing.
///
/// Contract
///  - messages of one topic and partition come in offset order;
///  - a partition begins where the OffsetTable says, whatever else remembers an offset; before that at most the one
///    message just below, when it can prove the topic. One that is not on record begins where the source is told to, and
///    is put on record before its first message is given;
///  - messages below the record's end that are gone, and a record that the topic cannot have, are Error{corrupt}: nothing
///    is passed over in silence;
///  - receive() returns at most `max` messages, possibly none;
///  - what was received before a failure is returned; the failure is thrown by the next call, and by every one after it;
///  - keep_alive() receives nothing and loses nothing.
///
/// Thread safety  none.
/// Errors         Error{disconnected, failed, not_ready, corrupt}, or what the OffsetTable throws; throw the source away
///                and make a new one. Error{failed}: used with a second OffsetTable, whose owner cannot have seen what the
///                first was given.
class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  /// Waits at most `wait` for the first message; `messages` is cleared first.
  void receive(OffsetTable& offsets, std::size_t max, std::chrono::milliseconds wait,
               std::vector<IncomingMessage>& messages);
  /// For a reader that is still busy with what it was given: stays a member of its group, fetches nothing. Throws
  /// nothing; what goes wrong comes with the next receive().
  void keep_alive(OffsetTable& offsets);
  /// Everything received so far is done. The OffsetTable knows that already; this tells those who watch from outside.
  virtual void commit() = 0;

 private:
  /// Appends to `messages`. What it appended before it throws counts as received.
  virtual void poll(OffsetTable& offsets, std::size_t max, std::chrono::milliseconds wait,
                    std::vector<IncomingMessage>& messages) = 0;
  virtual void idle(OffsetTable&) {}
  void bind(const OffsetTable& offsets);

  std::shared_ptr<const int> reader_;  // whose record this source follows
  std::exception_ptr failure_;
};

}  // namespace annals::projections
