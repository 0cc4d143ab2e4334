#pragma once
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "annals/core/error.hpp"
#include "annals/kafka/settings.hpp"
#include "client/sockets.hpp"

/// Owning handles of librdkafka's C objects, and what producer and consumer have in common.
namespace annals::kafka {

template <auto destroy>
struct Destroy {
  void operator()(auto* object) const noexcept { destroy(object); }
};
using ConfHandle = std::unique_ptr<rd_kafka_conf_t, Destroy<rd_kafka_conf_destroy>>;
using EventHandle = std::unique_ptr<rd_kafka_event_t, Destroy<rd_kafka_event_destroy>>;
using HeadersHandle = std::unique_ptr<rd_kafka_headers_t, Destroy<rd_kafka_headers_destroy>>;
using MessageHandle = std::unique_ptr<rd_kafka_message_t, Destroy<rd_kafka_message_destroy>>;
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t, Destroy<rd_kafka_topic_partition_list_destroy>>;
using QueueHandle = std::unique_ptr<rd_kafka_queue_t, Destroy<rd_kafka_queue_destroy>>;
using TopicHandle = std::unique_ptr<rd_kafka_topic_t, Destroy<rd_kafka_topic_destroy>>;

/// The consumer is closed, within a bound, before its handle goes; what librdkafka does by itself has none.
inline void destroy_client(rd_kafka_t* client) noexcept {
  rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}
using ClientHandle = std::unique_ptr<rd_kafka_t, Destroy<destroy_client>>;

/// What librdkafka's callbacks tell. They run inside the poll calls of the one thread that uses the client, those of
/// `sockets` in librdkafka's threads.
/// It is the opaque of the client, so it must outlive the handle.
struct ClientState {
  std::string brokers;  ///< bootstrap.servers, for messages
  std::atomic<bool> connected{false};
  std::string last_error;  ///< of the connection
  Sockets sockets;
};

/// A configuration with the user's settings over the module's own `defaults`. Throws Error{invalid}.
[[nodiscard]] ConfHandle make_conf(const Settings& settings, const Settings& defaults, Client client,
                                   ClientState& state);
void set(rd_kafka_conf_t& conf, const std::string& name, const std::string& value);
/// Starts librdkafka's threads; connects to nobody yet. Throws Error{invalid}: settings contradict each other.
[[nodiscard]] ClientHandle make_client(rd_kafka_type_t type, ConfHandle conf);

/// Text of the fatal error that a client is in; empty when it is in none.
[[nodiscard]] std::string fatal_error(rd_kafka_t& client);
[[nodiscard]] rd_kafka_resp_err_t fatal_code(rd_kafka_t& client) noexcept;
[[nodiscard]] std::string describe(rd_kafka_resp_err_t error);
[[nodiscard]] Error disconnected(std::string_view what, const ClientState& state);
[[nodiscard]] Error failed(std::string_view what, std::string_view hint);
[[nodiscard]] Error refused(std::string_view what, std::string_view hint);
/// Of a sink or source that is to be replaced by a new one, which goes on.
[[nodiscard]] Error broken(std::string_view what);
/// A topic can be made and a right can be granted. A sink says `refused` even so: what its caller must do is stop at this
/// message and name it, as with any that will not go through. A source says `not_ready`.
[[nodiscard]] Error unknown_topic(ErrorKind kind, std::string_view topic, const ClientState& state);
/// `acl` is what is missing, as client/acl.hpp has it.
[[nodiscard]] Error not_authorised(ErrorKind kind, std::string_view what, std::string_view acl,
                                   const ClientState& state);

[[nodiscard]] bool is_unknown_topic(rd_kafka_resp_err_t error) noexcept;
[[nodiscard]] bool is_authorisation(rd_kafka_resp_err_t error) noexcept;

/// librdkafka takes int milliseconds, and -1 means for ever.
[[nodiscard]] int to_int_ms(std::chrono::milliseconds duration) noexcept;

/// A point in time that waits run to.
class Deadline {
 public:
  explicit Deadline(std::chrono::milliseconds wait) : at_(std::chrono::steady_clock::now() + wait) {}
  [[nodiscard]] std::chrono::milliseconds left() const {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(at_ - std::chrono::steady_clock::now());
    return std::max(left, std::chrono::milliseconds{0});
  }
  [[nodiscard]] bool passed() const { return left().count() == 0; }

 private:
  std::chrono::steady_clock::time_point at_;
};

}  // namespace annals::kafka
