#pragma once
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "annals/kafka/settings.hpp"
#include "annals/projections/source.hpp"

namespace annals::kafka {

/// Where a partition starts that the group has never committed.
enum class Start { beginning, end };

struct KafkaSourceOptions {
  Settings settings = {};                ///< must hold bootstrap.servers; see allowed_settings()
  std::string group = {};                ///< members of one group share the partitions
  std::vector<std::string> topics = {};  ///< at least one, by name
  Start start = Start::beginning;
  /// receive() throws Error{disconnected} when no broker has been connected for this long.
  std::chrono::milliseconds disconnected_after{30'000};
  std::chrono::milliseconds commit_timeout{10'000};  ///< longest wait of commit()
  std::chrono::milliseconds close_timeout{5'000};    ///< longest wait of the destructor for leaving the group

  // Performance
  std::size_t receive_bytes_max = 8U << 20U;    ///< payload bytes that one receive() returns, at least one message
  std::size_t prefetch_bytes_max = 16U << 20U;  ///< fetched ahead, rounded up to 1 KiB
};

/// Reads topics as a member of a consumer group; reads committed transactions only, unless isolation.level says
/// otherwise.
///
/// CloudEvents in binary mode are understood (ce_* and content-type headers); what is missing stays empty, the time is
/// then Kafka's. The trace context is taken from traceparent, or else from ce_traceparent. Headers that have no member,
/// that cannot be parsed or that come twice are in metadata.headers. A tombstone has an empty payload.
///
/// Offsets are committed by commit() alone. What a rebalance takes away before commit() is not committed and comes
/// again, to whoever owns the partition then. An offset that retention has deleted stops the source instead of
/// skipping.
///
/// Lifecycle      construct (does no I/O) -> receive(), commit() -> destroy (leaves the group). Call receive() at least
///                every max.poll.interval.ms (5 min), or the group goes on without this member.
/// Thread safety  none, but connected() may be called from any thread. librdkafka runs threads of its own inside.
/// Ownership      owns the consumer.
/// Errors         constructor: Error{invalid}, a setting is refused. receive(): Error{invalid}, no such topic or not
///                authorised; Error{failed}, the committed offset does not exist any more, or the consumer broke.
///                Error{disconnected}: no broker for disconnected_after, or no answer to commit() in commit_timeout;
///                what was received is then undecided and may come again.
/// Limits         receive_bytes_max, prefetch_bytes_max; every wait is bounded by its argument or option. Only the
///                destructor after a commit() without an answer takes up to session.timeout.ms (10 s, unless set).
class KafkaSource final : public projections::Source {
 public:
  using Options = KafkaSourceOptions;

  explicit KafkaSource(Options options);
  KafkaSource(const KafkaSource&) = delete;
  KafkaSource& operator=(const KafkaSource&) = delete;
  ~KafkaSource() override;

  void receive(std::size_t max, std::chrono::milliseconds wait,
               std::vector<projections::IncomingMessage>& messages) override;
  void commit() override;

  /// A broker was connected when receive() last looked; false before the first connection.
  [[nodiscard]] bool connected() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace annals::kafka
