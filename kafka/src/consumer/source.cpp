#include "annals/kafka/source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "annals/core/text.hpp"
#include "annals/outbox/message.hpp"
#include "client/client.hpp"
#include "wire/cloud_event.hpp"

// Offsets. librdkafka's automatic reset would silently jump when a committed offset has been deleted by retention, so it is
// off (auto.offset.reset=error). What "no offset committed yet" means is decided when a partition is assigned: begin at the
// beginning, or at the end, which is then committed at once, so that a restart before the first commit() skips nothing.
//
// Rebalances happen inside receive(). Revoked partitions leave `received_`, so that commit() cannot commit what another
// member may already have been given, and leave the messages being returned, so that they are not handled twice.
namespace annals::kafka {
namespace {

using projections::IncomingMessage;
using std::chrono::milliseconds;

constexpr milliseconds assign_timeout{5'000};
constexpr milliseconds retry_after{50};
constexpr milliseconds missing_topic_max{3'000};

using PartitionName = std::pair<std::string, std::int32_t>;

/// A topic that the broker does not know, which can pass: right after its creation, or while a broker starts.
struct MissingTopic {
  std::string name;
  std::chrono::steady_clock::time_point since;
};

struct SourceState : ClientState {
  Start start = Start::beginning;
  bool rebalanced = false;       ///< since receive() began
  std::optional<Error> failure;  ///< of a callback; receive() throws it
  std::optional<MissingTopic> missing;
  std::map<PartitionName, std::int64_t> received;    ///< next offset of each partition, not committed
  std::vector<IncomingMessage>* messages = nullptr;  ///< what receive() is filling
};

bool is_rebalance(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION || error == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
         error == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS || error == RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST;
}

bool is_passing(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR__TIMED_OUT || error == RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE ||
         error == RD_KAFKA_RESP_ERR__TRANSPORT || error == RD_KAFKA_RESP_ERR__WAIT_COORD ||
         error == RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS ||
         error == RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE || error == RD_KAFKA_RESP_ERR_NOT_COORDINATOR ||
         error == RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT || error == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
         error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
}

/// One attempt to commit; the worst error of the request and its partitions.
rd_kafka_resp_err_t commit_once(rd_kafka_t& consumer, const rd_kafka_topic_partition_list_t& offsets,
                                milliseconds wait) {
  const QueueHandle queue{rd_kafka_queue_new(&consumer)};
  const auto sent = rd_kafka_commit_queue(&consumer, &offsets, queue.get(), nullptr, nullptr);
  if (sent != RD_KAFKA_RESP_ERR_NO_ERROR) return sent;
  const EventHandle event{rd_kafka_queue_poll(queue.get(), to_int_ms(wait))};
  if (!event) return RD_KAFKA_RESP_ERR__TIMED_OUT;
  if (const auto error = rd_kafka_event_error(event.get()); error != RD_KAFKA_RESP_ERR_NO_ERROR) return error;
  const auto* answered = rd_kafka_event_topic_partition_list(event.get());
  for (int i = 0; answered != nullptr && i < answered->cnt; ++i) {
    if (answered->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) return answered->elems[i].err;
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/// Commits until it is done, pointless, or the deadline has passed.
rd_kafka_resp_err_t commit_offsets(rd_kafka_t& consumer, const rd_kafka_topic_partition_list_t& offsets,
                                   milliseconds timeout) {
  const Deadline deadline{timeout};
  const QueueHandle pause{rd_kafka_queue_new(&consumer)};
  while (true) {
    const auto error = commit_once(consumer, offsets, deadline.left());
    if (!is_passing(error) || deadline.passed()) return error;
    const EventHandle nothing{rd_kafka_queue_poll(pause.get(), to_int_ms(std::min(retry_after, deadline.left())))};
  }
}

/// The end of a partition as a number, which a commit can hold.
rd_kafka_resp_err_t resolve_end(rd_kafka_t& consumer, rd_kafka_topic_partition_t& partition) {
  std::int64_t low = 0;
  return rd_kafka_query_watermark_offsets(&consumer, partition.topic, partition.partition, &low, &partition.offset,
                                          to_int_ms(assign_timeout));
}

/// Gives every partition without a committed offset its start.
rd_kafka_resp_err_t resolve_starts(rd_kafka_t& consumer, rd_kafka_topic_partition_list_t& partitions, Start start) {
  auto error = rd_kafka_committed(&consumer, &partitions, to_int_ms(assign_timeout));
  const PartitionList ends{rd_kafka_topic_partition_list_new(partitions.cnt)};
  for (int i = 0; i < partitions.cnt && error == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    auto& partition = partitions.elems[i];
    error = partition.err;
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR || partition.offset >= 0) continue;
    partition.offset = RD_KAFKA_OFFSET_BEGINNING;
    if (start == Start::beginning) continue;
    error = resolve_end(consumer, partition);
    rd_kafka_topic_partition_list_add(ends.get(), partition.topic, partition.partition)->offset = partition.offset;
  }
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR || ends->cnt == 0) return error;
  return commit_offsets(consumer, *ends, assign_timeout);
}

bool has_topic(const rd_kafka_topic_partition_list_t& partitions, std::string_view topic) {
  return std::any_of(partitions.elems, partitions.elems + partitions.cnt,
                     [&](const auto& partition) { return partition.topic == topic; });
}

void assign(rd_kafka_t& consumer, rd_kafka_topic_partition_list_t& partitions, SourceState& state) {
  const auto error = resolve_starts(consumer, partitions, state.start);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    (void)rd_kafka_assign(&consumer, &partitions);
    if (state.missing && has_topic(partitions, state.missing->name)) state.missing.reset();
    return;
  }
  (void)rd_kafka_assign(&consumer, nullptr);
  if (is_rebalance(error)) return;  // the group is already past this assignment: another one comes
  state.failure = disconnected(fmt::format("cannot read the group's committed offsets: {}", describe(error)), state);
}

void forget(const rd_kafka_topic_partition_list_t& partitions, SourceState& state) {
  for (int i = 0; i < partitions.cnt; ++i) {
    const auto& gone = partitions.elems[i];
    state.received.erase(PartitionName{gone.topic, gone.partition});
    if (state.messages != nullptr) {
      std::erase_if(*state.messages, [&](const IncomingMessage& message) {
        return message.partition == gone.partition && message.topic == gone.topic;
      });
    }
  }
}

void on_rebalance(rd_kafka_t* consumer, rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* partitions,
                  void* opaque) noexcept {
  auto& state = static_cast<SourceState&>(*static_cast<ClientState*>(opaque));
  state.rebalanced = true;
  if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    assign(*consumer, *partitions, state);
  } else {
    forget(*partitions, state);
    (void)rd_kafka_assign(consumer, nullptr);
  }
}

const Settings& consumer_defaults() {
  static const Settings defaults{
      {"auto.offset.reset", "error"},
      {"allow.auto.create.topics", "false"},
      {"check.crcs", "true"},
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"isolation.level", "read_committed"},
      {"partition.assignment.strategy", "range"},
      {"session.timeout.ms", "10000"},  // a dead member's partitions move on after it; see also close()
      {"socket.nagle.disable", "true"},
  };
  return defaults;
}

void require_options(const KafkaSourceOptions& options) {
  if (options.topics.empty()) throw invalid("the Kafka source has no topics", "name at least one");
  for (const auto& topic : options.topics) outbox::require_topic(topic);  // also keeps "^regular expressions" out
  require_text("the Kafka source's group", options.group, 249);
}

ClientHandle make_consumer(const KafkaSourceOptions& options, SourceState& state) {
  constexpr std::size_t kilobyte = 1024;
  require_options(options);
  state.start = options.start;
  auto conf = make_conf(options.settings, consumer_defaults(), Client::consumer, state);
  const auto kilobytes = std::max<std::size_t>(1, (options.prefetch_bytes_max + kilobyte - 1) / kilobyte);
  set(*conf, "queued.max.messages.kbytes", std::to_string(kilobytes));
  set(*conf, "group.id", options.group);
  rd_kafka_conf_set_rebalance_cb(conf.get(), on_rebalance);
  auto consumer = make_client(RD_KAFKA_CONSUMER, std::move(conf));
  (void)rd_kafka_poll_set_consumer(consumer.get());
  return consumer;
}

Timestamp kafka_time(const rd_kafka_message_t& message) {
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  const auto since_epoch = rd_kafka_message_timestamp(&message, &type);
  return type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? Timestamp{} : Timestamp{milliseconds{since_epoch}};
}

std::string text_of(const void* data, std::size_t size) {
  return data == nullptr ? std::string{} : std::string{static_cast<const char*>(data), size};
}

IncomingMessage to_incoming(const rd_kafka_message_t& message) {
  IncomingMessage incoming;
  incoming.topic = rd_kafka_topic_name(message.rkt);
  incoming.partition = message.partition;
  incoming.offset = message.offset;
  incoming.key = text_of(message.key, message.key_len);
  incoming.payload = text_of(message.payload, message.len);
  incoming.time = kafka_time(message);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) read_headers(*headers, incoming);
  return incoming;
}

std::string_view text_in(const rd_kafka_message_t& error) {
  const char* text = rd_kafka_message_errstr(&error);
  return text == nullptr ? std::string_view{} : text;
}

}  // namespace

struct KafkaSource::Impl {
  explicit Impl(Options given) : options(std::move(given)), consumer(make_consumer(options, state)) { subscribe(); }

  void subscribe();
  /// False when there is nothing more within `wait`.
  bool receive_one(milliseconds wait, std::vector<IncomingMessage>& messages);
  void check(const rd_kafka_message_t& message);
  void remember(const std::vector<IncomingMessage>& messages);
  void check_connection();
  [[nodiscard]] PartitionList uncommitted() const;
  void close();

  Options options;
  SourceState state;  // before the consumer, whose callbacks write into it
  ClientHandle consumer;
  bool commit_unanswered = false;
  std::chrono::steady_clock::time_point last_connected = std::chrono::steady_clock::now();
};

void KafkaSource::Impl::subscribe() {
  const PartitionList list{rd_kafka_topic_partition_list_new(static_cast<int>(options.topics.size()))};
  for (const auto& topic : options.topics) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  }
  const auto error = rd_kafka_subscribe(consumer.get(), list.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw invalid(fmt::format("cannot subscribe: {}", describe(error)), "name each topic once");
  }
}

bool KafkaSource::Impl::receive_one(milliseconds wait, std::vector<IncomingMessage>& messages) {
  const MessageHandle message{rd_kafka_consumer_poll(consumer.get(), to_int_ms(wait))};
  if (state.failure) throw *std::exchange(state.failure, std::nullopt);
  if (!message) return false;
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    messages.push_back(to_incoming(*message));
  } else {
    check(*message);
  }
  return true;
}

/// Errors that the consumer reports in place of a message. What it gets over by itself does not come here.
void KafkaSource::Impl::check(const rd_kafka_message_t& message) {
  if (message.err == RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED || is_passing(message.err)) return;
  const std::string topic = message.rkt == nullptr ? std::string{} : rd_kafka_topic_name(message.rkt);
  if (is_unknown_topic(message.err)) {
    if (!state.missing) state.missing = MissingTopic{topic, std::chrono::steady_clock::now()};
    return;
  }
  if (is_authorisation(message.err)) {
    throw not_authorised(ErrorKind::not_ready,
                         fmt::format("group {} may not read: {}", options.group, text_in(message)), state);
  }
  if (message.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
    throw failed(fmt::format("group {} cannot go on in topic {} partition {}: {}", options.group, topic,
                             message.partition, text_in(message)),
                 "messages were deleted before they were read, or the topic was made anew: set the group's offsets on "
                 "purpose with kafka-consumer-groups --reset-offsets");
  }
  throw failed(fmt::format("the Kafka consumer failed: {} {}{}", describe(message.err), text_in(message),
                           fatal_error(*consumer)),
               "make a new source");
}

void KafkaSource::Impl::remember(const std::vector<IncomingMessage>& messages) {
  auto at = state.received.end();
  for (const auto& message : messages) {
    if (at == state.received.end() || at->first.second != message.partition || at->first.first != message.topic) {
      at = state.received.try_emplace(PartitionName{message.topic, message.partition}).first;
    }
    at->second = message.offset + 1;
  }
}

void KafkaSource::Impl::check_connection() {
  const auto now = std::chrono::steady_clock::now();
  if (state.missing && now - state.missing->since > missing_topic_max)
    throw unknown_topic(ErrorKind::not_ready, state.missing->name, state);
  if (state.connected.load(std::memory_order_relaxed)) {
    last_connected = now;
  } else if (now - last_connected > options.disconnected_after) {
    throw disconnected(fmt::format("no Kafka broker for {} ms", options.disconnected_after.count()), state);
  }
}

PartitionList KafkaSource::Impl::uncommitted() const {
  PartitionList list{rd_kafka_topic_partition_list_new(static_cast<int>(state.received.size()))};
  for (const auto& [partition, next] : state.received) {
    rd_kafka_topic_partition_list_add(list.get(), partition.first.c_str(), partition.second)->offset = next;
  }
  return list;
}

/// Leaves the group, so that the others need not wait for the session to time out; gives up after close_timeout. Then,
/// and when a commit was never answered, the connections are cut, or librdkafka would wait for the answers for up to
/// socket.timeout.ms. An unanswered commit it keeps for session.timeout.ms even so; no call shortens that.
void KafkaSource::Impl::close() {
  if (commit_unanswered) {
    state.sockets.cut();
    return;
  }
  const QueueHandle queue{rd_kafka_queue_new(consumer.get())};
  const Deadline deadline{options.close_timeout};
  if (auto* error = rd_kafka_consumer_close_queue(consumer.get(), queue.get())) {
    rd_kafka_error_destroy(error);
    return;
  }
  while (rd_kafka_consumer_closed(consumer.get()) == 0 && !deadline.passed()) {
    const EventHandle event{rd_kafka_queue_poll(queue.get(), to_int_ms(std::min(retry_after, deadline.left())))};
    // Messages fetched ahead come here as well and are dropped. The revocation comes as an event, not as a callback.
    if (event && rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_REBALANCE) {
      (void)rd_kafka_assign(consumer.get(), nullptr);
    }
  }
  if (rd_kafka_consumer_closed(consumer.get()) == 0) state.sockets.cut();
}

KafkaSource::KafkaSource(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}

KafkaSource::~KafkaSource() { impl_->close(); }

void KafkaSource::receive(std::size_t max, milliseconds wait, std::vector<IncomingMessage>& messages) {
  messages.clear();
  auto& state = impl_->state;
  const Deadline deadline{wait};
  std::size_t bytes = 0;
  state.rebalanced = false;
  state.messages = &messages;
  while (messages.size() < max && bytes < impl_->options.receive_bytes_max && !state.rebalanced) {
    const auto before = messages.size();
    const bool more = impl_->receive_one(messages.empty() ? deadline.left() : milliseconds{0}, messages);
    if (messages.size() > before) bytes += messages.back().payload.size();
    if (!more && (!messages.empty() || deadline.passed())) break;
  }
  state.messages = nullptr;
  impl_->remember(messages);
  impl_->check_connection();
}

void KafkaSource::commit() {
  if (impl_->state.received.empty()) return;
  const auto offsets = impl_->uncommitted();
  const auto error = commit_offsets(*impl_->consumer, *offsets, impl_->options.commit_timeout);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR || is_rebalance(error)) {
    impl_->state.received.clear();
    return;
  }
  const auto what = fmt::format("group {} could not commit: {}", impl_->options.group, describe(error));
  if (is_authorisation(error)) throw not_authorised(ErrorKind::not_ready, what, impl_->state);
  if (is_passing(error)) {
    impl_->commit_unanswered = true;
    throw disconnected(what, impl_->state);
  }
  throw failed(what, "make a new source; what was received comes again");
}

bool KafkaSource::connected() const noexcept { return impl_->state.connected.load(std::memory_order_relaxed); }

}  // namespace annals::kafka
