#pragma once
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "annals/kafka/encoding.hpp"
#include "annals/kafka/schema_registry.hpp"
#include "annals/kafka/settings.hpp"
#include "annals/outbox/sink.hpp"

namespace annals::kafka {

struct KafkaSinkOptions {
  Settings settings = {};          ///< must hold bootstrap.servers; see allowed_settings()
  std::string source = "/annals";  ///< ce_source: a URI reference that names the service; ids are unique within it
  EncodingRules encodings = {};    ///< how records are written, by topic; none: see KafkaSink
  SchemaRegistry* schema_registry = nullptr;  ///< for encodings with a frame: borrowed, and used by this sink alone
  /// First use of a topic asks the broker for it; no answer in this time is Error{disconnected}, and "no such topic" for
  /// all of it Error{refused}.
  std::chrono::milliseconds topic_wait_max{5'000};
  /// The destructor gives up what is still queued and is done after about this time.
  std::chrono::milliseconds close_timeout{2'000};

  // Performance
  std::size_t queue_messages_max = 100'000;  ///< accepted and not yet reported; then send() says full
  std::size_t queue_bytes_max = 16U << 20U;  ///< the same in bytes of keys and payloads; a larger message is refused
};

/// Publishes to Kafka: an idempotent producer, acks=all, CloudEvents 1.0 in binary mode unless an EncodingRule says otherwise.
///
/// A record's value is the payload as it is (an empty payload stays an empty value: no tombstone), its key the
/// message's key (an empty key: no key, any partition), its partition the one that Java clients choose. Headers:
/// ce_specversion, ce_id, ce_source, ce_type, ce_time and content-type always; ce_subject, ce_sequence,
/// ce_correlationid, ce_causationid, traceparent and tracestate when the message has them; then the message's own
/// headers under their own names. The trace context has no ce_ prefix: that is where Kafka instrumentations look for
/// it.
///
/// After the first message that could not be delivered send() says full until everything queued is given up or answered.
/// When the broker refused a request with several messages in it, the sink then sends them again one by one, to know which
/// one is to blame; where none is (together they were too large) it goes on so. Otherwise the message that was refused by
/// itself is reported as refused, what was given up with it as undecided, and the sink is broken: send() throws. So nothing
/// overtakes a failed message; who wants to go on makes a new sink.
///
/// The first message to a partition goes alone, and afterwards what comes while five to it are unanswered waits here for
/// an answer, unless more partitions of its broker have something on their way than a connection takes requests
/// (docs/adr/0010-what-waits-waits-in-the-sink.md). It leaves in poll(): with messages on their way, call it often, every
/// few milliseconds if you can. For a message that is nearly too large for librdkafka send() says full instead of holding it.
///
/// Lifecycle      construct (does no I/O) -> send(), poll() -> destroy. The destructor does not wait for deliveries:
/// poll()
///                until everything is reported first.
/// Thread safety  none, but connected() may be called from any thread. librdkafka runs threads of its own inside.
/// Ownership      owns the producer; copies what send() is given; borrows the schema registry.
/// Errors         constructor: Error{invalid}, a setting or an encoding is refused. send(): Error{refused}, this message can never be
///                delivered (too large for librdkafka or for the queue, no such topic for topic_wait_max, not
///                authorised, a header that is ours, or what its encoding needs is not there), the sink goes on; Error{disconnected}, no broker answered about a
///                topic seen for the first time, or no registry about a schema, the sink goes on; Error{failed}, retryable: the sink is broken and
///                everything is reported, make a new one.
/// Limits         queue_messages_max, queue_bytes_max, twice the bytes while it looks for a message to blame; never gives
///                a message up because of its age.
class KafkaSink final : public outbox::Sink {
 public:
  using Options = KafkaSinkOptions;

  explicit KafkaSink(Options options);
  KafkaSink(const KafkaSink&) = delete;
  KafkaSink& operator=(const KafkaSink&) = delete;
  ~KafkaSink() override;

  [[nodiscard]] Send send(const outbox::MessageView& message) override;
  void poll(std::chrono::milliseconds wait, std::vector<outbox::Delivery>& deliveries) override;
  [[nodiscard]] std::size_t record_bytes(const outbox::MessageView& message) const override;

  /// A broker was connected when poll() last looked (at most a second ago when poll() is called regularly); false
  /// before the first connection. For readiness probes and metrics, not for decisions.
  [[nodiscard]] bool connected() const noexcept;
  struct Queued {
    std::size_t messages = 0;  ///< accepted and not yet reported
    std::size_t bytes = 0;     ///< their keys and payloads
  };
  [[nodiscard]] Queued queued() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace annals::kafka
