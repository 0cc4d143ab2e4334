#include "annals/kafka/source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <exception>
#include <map>
#include <optional>
#include <utility>

#include "annals/core/assert.hpp"
#include "annals/core/text.hpp"
#include "annals/outbox/message.hpp"
#include "client/acl.hpp"
#include "client/client.hpp"
#include "consumer/assignment.hpp"
#include "consumer/redeemer.hpp"
#include "wire/cloud_event.hpp"
#include "wire/schema_frame.hpp"
#include "wire/structured_event.hpp"

// Offsets. Where a partition begins is decided when it is assigned, by the reader's record (consumer/assignment.hpp). The
// offsets that the group commits are for those who watch its lag; nobody reads them here. librdkafka's automatic reset would
// silently jump when an offset has been deleted by retention, so it is off (auto.offset.reset=error).
//
// Rebalances happen inside poll() and idle(). Revoked partitions leave `received`, so that commit() does not tell of what
// another member may already have been given, and leave the messages being returned, so that they are not handled twice.
//
// While its reader is busy a member must go on polling, or the group takes its partitions away. idle() polls with all
// partitions paused: librdkafka drops what it had fetched ahead and fetches it again later.
namespace annals::kafka {
namespace {

using projections::IncomingMessage;
using std::chrono::milliseconds;

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
  projections::OffsetTable* offsets = nullptr;  ///< of the call that is running
  bool rebalanced = false;                      ///< since poll() began
  bool paused = false;                          ///< the assignment is
  std::exception_ptr failure;                   ///< of a callback; poll() throws it
  std::optional<MissingTopic> missing;
  std::map<PartitionName, std::int64_t> received;    ///< next offset of each partition, not committed
  std::deque<IncomingMessage> held;                  ///< not given yet; of most calls, what came while paused
  std::vector<IncomingMessage>* messages = nullptr;  ///< what poll() is filling
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

bool has_topic(const rd_kafka_topic_partition_list_t& partitions, std::string_view topic) {
  return std::any_of(partitions.elems, partitions.elems + partitions.cnt,
                     [&](const auto& partition) { return partition.topic == topic; });
}

void assign(rd_kafka_t& consumer, rd_kafka_topic_partition_list_t& partitions, SourceState& state) {
  const bool was_paused = std::exchange(state.paused, false);
  try {
    ANNALS_ASSERT(state.offsets != nullptr);
    find_starts({consumer, state, state.start}, *state.offsets, partitions);
    (void)rd_kafka_assign(&consumer, &partitions);
    if (was_paused) (void)rd_kafka_resume_partitions(&consumer, &partitions);
    if (state.missing && has_topic(partitions, state.missing->name)) state.missing.reset();
  } catch (...) {  // a callback of C code: it is thrown when that has returned
    (void)rd_kafka_assign(&consumer, nullptr);
    state.failure = std::current_exception();
  }
}

template <class Messages>
void drop_those_of(Messages& messages, const rd_kafka_topic_partition_t& gone) {
  std::erase_if(messages, [&](const IncomingMessage& message) {
    return message.partition == gone.partition && message.topic == gone.topic;
  });
}

void forget(const rd_kafka_topic_partition_list_t& partitions, SourceState& state) {
  for (int i = 0; i < partitions.cnt; ++i) {
    const auto& gone = partitions.elems[i];
    state.received.erase(PartitionName{gone.topic, gone.partition});
    drop_those_of(state.held, gone);
    if (state.messages != nullptr) drop_those_of(*state.messages, gone);
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
      {"queued.min.messages", "1000"},  // prefetch_bytes_max counts no headers: this is what bounds those
      {"session.timeout.ms", "10000"},  // a dead member's partitions move on after it; see also close()
      {"socket.nagle.disable", "true"},
      {"socket.timeout.ms", "10000"},  // of a broker that is frozen; that another leads is asked for every five seconds
      {"topic.metadata.refresh.interval.ms", "5000"},
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

/// Takes the text of a header into a member that CloudEvents did not fill.
void take_from(const std::string& header, std::string& member, IncomingMessage& message) {
  if (header.empty() || !member.empty()) return;
  auto& headers = message.metadata.headers;
  const auto found = std::ranges::find(headers, header, &std::pair<std::string, std::string>::first);
  if (found == headers.end()) return;
  member = std::move(found->second);
  headers.erase(found);
}

void read_value(const KafkaSourceOptions& options, bool is_structured, IncomingMessage& message) {
  if (is_structured) {
    read_structured(message);
  } else if (options.take_off_schema_ids && message.damaged.empty()) {
    take_off_prefix(message);
  }
  take_from(options.id_header, message.id, message);
  take_from(options.type_header, message.type, message);
}

IncomingMessage to_incoming(const KafkaSourceOptions& options, const rd_kafka_message_t& message) {
  IncomingMessage incoming;
  incoming.topic = rd_kafka_topic_name(message.rkt);
  incoming.partition = message.partition;
  incoming.offset = message.offset;
  incoming.key = text_of(message.key, message.key_len);
  incoming.payload = text_of(message.payload, message.len);
  incoming.time = kafka_time(message);
  rd_kafka_headers_t* headers = nullptr;
  const bool has_headers = rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR;
  read_value(options, has_headers && read_headers(*headers, incoming), incoming);
  return incoming;
}

/// What a message takes in memory, near enough: short headers cost more than they hold.
std::size_t cost_of(const IncomingMessage& message) {
  auto bytes = sizeof message + message.key.size() + message.payload.size() + message.subject.size();
  for (const auto& header : message.metadata.headers) {
    bytes += sizeof header + header.first.size() + header.second.size();
  }
  return bytes;
}

std::string_view text_in(const rd_kafka_message_t& error) {
  const char* text = rd_kafka_message_errstr(&error);
  return text == nullptr ? std::string_view{} : text;
}

}  // namespace

struct KafkaSource::Impl {
  explicit Impl(Options given) : options(std::move(given)), consumer(make_consumer(options, state)) { subscribe(); }

  void subscribe();
  void poll(std::size_t max, milliseconds wait, std::vector<IncomingMessage>& messages);
  void idle();
  /// Into what is held. False when there is nothing more within `wait`.
  bool receive_one(milliseconds wait);
  void set_paused(bool paused);
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

/// Lets callbacks reach what the running call was given.
class KafkaSource::Running {
 public:
  Running(Impl& impl, projections::OffsetTable& offsets, std::vector<IncomingMessage>* messages) : impl_(impl) {
    impl.state.offsets = &offsets;
    impl.state.messages = messages;
    impl.state.rebalanced = false;
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    if (impl_.state.messages != nullptr) impl_.remember(*impl_.state.messages);
    impl_.state.messages = nullptr;
    impl_.state.offsets = nullptr;
  }

 private:
  Impl& impl_;
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

bool KafkaSource::Impl::receive_one(milliseconds wait) {
  const MessageHandle message{rd_kafka_consumer_poll(consumer.get(), to_int_ms(wait))};
  if (state.failure) std::rethrow_exception(state.failure);
  if (!message) return false;
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    state.held.push_back(to_incoming(options, *message));
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
    throw not_authorised(
        ErrorKind::not_ready, fmt::format("group {} may not read: {}", options.group, text_in(message)),
        message.err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED && !topic.empty() ? acl_to_read(topic)
                                                                                      : acl_of_group(options.group),
        state);
  }
  if (message.err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
    require_next({*consumer, state, options.start}, *state.offsets, topic, message.partition);
  }
  throw broken(fmt::format("the Kafka consumer failed: {} {}{}", describe(message.err), text_in(message),
                           fatal_error(*consumer)));
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

void KafkaSource::Impl::set_paused(bool paused) {
  if (state.paused == paused) return;
  rd_kafka_topic_partition_list_t* assigned = nullptr;
  if (rd_kafka_assignment(consumer.get(), &assigned) != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  const PartitionList list{assigned};
  (void)(paused ? rd_kafka_pause_partitions : rd_kafka_resume_partitions)(consumer.get(), list.get());
  state.paused = paused;
}

void KafkaSource::Impl::poll(std::size_t max, milliseconds wait, std::vector<IncomingMessage>& messages) {
  const Deadline deadline{wait};
  set_paused(false);
  std::size_t bytes = 0;
  while (messages.size() < max && bytes < options.receive_bytes_max && !state.rebalanced) {
    const bool more = !state.held.empty() || receive_one(messages.empty() ? deadline.left() : milliseconds{0});
    if (!state.held.empty()) {
      redeem_claim(options.claims, state.held.front());
      bytes += cost_of(state.held.front());
      messages.push_back(std::move(state.held.front()));
      state.held.pop_front();
    }
    if (!more && (!messages.empty() || deadline.passed())) break;
  }
  check_connection();
}

void KafkaSource::Impl::idle() {
  constexpr int reports_max = 1'000;  // of librdkafka, in one call
  for (int i = 0; i < reports_max; ++i) {
    set_paused(true);  // again after an assignment
    if (!receive_one(milliseconds{0})) return;
  }
}

KafkaSource::KafkaSource(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}

KafkaSource::~KafkaSource() { impl_->close(); }

void KafkaSource::poll(projections::OffsetTable& offsets, std::size_t max, milliseconds wait,
                       std::vector<IncomingMessage>& messages) {
  const Running running{*impl_, offsets, &messages};
  impl_->poll(max, wait, messages);
}

void KafkaSource::idle(projections::OffsetTable& offsets) {
  const Running running{*impl_, offsets, nullptr};
  impl_->idle();
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
  if (is_authorisation(error)) {
    throw not_authorised(ErrorKind::not_ready, what, acl_of_group(impl_->options.group), impl_->state);
  }
  if (is_passing(error)) {
    impl_->commit_unanswered = true;
    throw disconnected(what, impl_->state);
  }
  throw broken(what);
}

bool KafkaSource::connected() const noexcept { return impl_->state.connected.load(std::memory_order_relaxed); }

}  // namespace annals::kafka
