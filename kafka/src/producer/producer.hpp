#pragma once
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "annals/kafka/sink.hpp"
#include "client/client.hpp"
#include "producer/kept_message.hpp"
#include "producer/placement.hpp"
#include "producer/topic_table.hpp"

namespace annals::kafka {

/// What a sink knows of what it has accepted. Delivery reports write into it.
struct SinkState : ClientState {
  std::vector<outbox::Delivery>* deliveries = nullptr;  ///< null while closing: nobody listens
  std::vector<KeptMessage> returned;                    ///< not delivered, and not reported yet
  std::size_t in_flight = 0;                            ///< librdkafka has them
  std::atomic<std::size_t> messages{0};                 ///< written by one thread, so no read-modify-write is needed
  std::atomic<std::size_t> bytes{0};
  Placements placements;  ///< of those messages
  struct Account {
    std::size_t produced = 0;   ///< librdkafka took them
    std::size_t delivered = 0;  ///< a broker confirmed them
  } account;                    ///< since somebody last looked

  void accepted(std::size_t size);
  void report(outbox::Delivery delivery, std::size_t size);
};

/// The ticket of a record that is nobody's message: it is not reported.
inline constexpr std::int64_t nobodys = std::numeric_limits<std::int64_t>::min();

/// What goes into one record.
struct Record {
  std::int64_t ticket = nobodys;
  bool has_key = false;
  std::string_view key;
  bool is_tombstone = false;
  std::string_view payload;
};

/// How many messages go into a request.
enum class Requests { gather, single };

/// Whose messages become visible by transactions.
struct Transactional {
  std::string id;                     ///< empty: each by itself
  std::chrono::milliseconds timeout;  ///< after which the broker aborts one
};

/// A client of librdkafka with the topics that it has used. Not thread-safe; borrows the state, which must outlive it.
struct Producer {
  Producer(const KafkaSinkOptions& options, SinkState& state, Requests requests, const Transactional& transactional);

  /// One try; `headers` is empty afterwards when it was accepted.
  [[nodiscard]] rd_kafka_resp_err_t produce(const ProducerTopic& to, const Record& record, HeadersHandle& headers);

  SinkState& state;
  ClientHandle client;
  TopicTable topics;
};

}  // namespace annals::kafka
