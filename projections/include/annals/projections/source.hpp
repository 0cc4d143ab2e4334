#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
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
};

/// Port: where messages come from. Implemented by kafka::KafkaSource and testing::MemorySource; each passes the
/// contract suite in annals/testing.
///
/// Contract
///  - messages of one topic and partition come in offset order;
///  - what was received but not committed comes again after a restart; what was committed does not come again, except
///    after a crash between effect and commit (at-least-once);
///  - receive() returns at most `max` messages, possibly none.
///
/// Thread safety  none.
/// Errors         Error{disconnected, failed}; throw the source away and make a new one.
class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  /// Waits at most `wait` for the first message; `messages` is cleared first.
  virtual void receive(std::size_t max, std::chrono::milliseconds wait, std::vector<IncomingMessage>& messages) = 0;
  /// Everything received so far is done and need not come again.
  virtual void commit() = 0;
};

}  // namespace annals::projections
