#pragma once
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "annals/kafka/settings.hpp"
#include "annals/outbox/claim_store.hpp"
#include "annals/projections/source.hpp"

namespace annals::kafka {

/// Where a topic starts that its reader has never read.
enum class Start { beginning, end };

struct KafkaSourceOptions {
  Settings settings = {};                ///< must hold bootstrap.servers; see allowed_settings()
  std::string group = {};                ///< members of one group share the partitions
  std::vector<std::string> topics = {};  ///< at least one, by name
  Start start = Start::beginning;
  /// receive() throws Error{disconnected} when no broker has been connected for this long.
  std::chrono::milliseconds disconnected_after{30'000};
  /// Every payload has the id of its schema before it, as a producer with a schema registry writes it: it is taken off. A message
  /// without one, or whose content-type is neither JSON nor Protobuf, is marked as damaged.
  bool take_off_schema_ids = false;
  /// Of producers that write no CloudEvents: the header that a message's id is in, and its type ("id" and perhaps "eventType" of
  /// Debezium's outbox event router). Empty: none.
  std::string id_header = {};
  std::string type_header = {};
  /// Where the payloads of messages are that were published as a claim (annals/outbox/claim.hpp): borrowed. A message that came as a
  /// claim is given whole; without a store, and when its payload is gone or is not what the claim says, it is marked as damaged.
  outbox::ClaimStore* claims = nullptr;
  std::chrono::milliseconds commit_timeout{10'000};  ///< longest wait of commit()
  std::chrono::milliseconds close_timeout{5'000};    ///< longest wait of the destructor for leaving the group

  // Performance
  /// Bytes of memory, keys and headers included, that one receive() returns, at least one message.
  std::size_t receive_bytes_max = 8U << 20U;
  /// Keys and payloads fetched ahead, rounded up to 1 KiB; and no more than about 1,000 messages, unless the setting
  /// queued.min.messages says otherwise.
  std::size_t prefetch_bytes_max = 16U << 20U;
};

/// Reads topics as a member of a consumer group; reads committed transactions only, unless isolation.level says
/// otherwise.
///
/// CloudEvents are understood, in binary mode (ce_* and content-type headers) and, in JSON, in structured mode; what is missing
/// stays empty, the time is then Kafka's. The trace context is taken from traceparent, or else from ce_traceparent. Headers that have no member,
/// that cannot be parsed or that come twice are in metadata.headers. A tombstone has an empty payload. A message with more
/// than 77 headers (64 and CloudEvents' own) comes without the rest and is marked as damaged.
///
/// The reader's OffsetTable decides where a partition begins. It is asked when the partition is assigned, whatever the group
/// has committed; commit() tells Kafka for the sake of lag tools only. A topic that is not on record begins where `start`
/// says, and all of its partitions are put on record at once; partitions that it gets later begin at their beginning. What a
/// rebalance takes away comes again to whoever owns the partition then. Messages that retention deleted before they were
/// handled, and a record that is beyond the topic's end, stop the source.
///
/// Lifecycle      construct (does no I/O) -> receive(), commit() -> destroy (leaves the group). Call receive() or
///                keep_alive() at least every max.poll.interval.ms (5 min), or the group goes on without this member.
/// Thread safety  none, but connected() may be called from any thread. librdkafka runs threads of its own inside.
/// Ownership      owns the consumer; borrows the claim store, which it asks inside of receive().
/// Errors         constructor: Error{invalid}, a setting is refused. receive(): Error{not_ready}, no such topic or not
///                authorised; Error{corrupt}, the record does not fit the topic or belongs to another cluster;
///                Error{failed}, the consumer broke. Error{disconnected}: no broker for disconnected_after, or no answer
///                to commit() in commit_timeout. And what the claim store throws.
/// Limits         receive_bytes_max and one message more, what came as a claim whole; prefetch_bytes_max. Every wait is bounded by its
///                argument or option, plus some seconds when partitions are assigned. Only the destructor after a commit() without an
///                answer takes up to session.timeout.ms (10 s, unless set). A topic that was deleted and made anew is noticed when its end
///                is below the record; otherwise by whoever knows the ids (projections::Inbox does).
class KafkaSource final : public projections::Source {
 public:
  using Options = KafkaSourceOptions;

  explicit KafkaSource(Options options);
  KafkaSource(const KafkaSource&) = delete;
  KafkaSource& operator=(const KafkaSource&) = delete;
  ~KafkaSource() override;

  void commit() override;

  /// A broker was connected when receive() last looked; false before the first connection.
  [[nodiscard]] bool connected() const noexcept;

 private:
  void poll(projections::OffsetTable& offsets, std::size_t max, std::chrono::milliseconds wait,
            std::vector<projections::IncomingMessage>& messages) override;
  void idle(projections::OffsetTable& offsets) override;

  struct Impl;
  class Running;
  std::unique_ptr<Impl> impl_;
};

}  // namespace annals::kafka
