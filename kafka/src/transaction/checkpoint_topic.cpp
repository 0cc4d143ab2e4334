// Read to the end, and from the end.
//
// To the end: to the high watermark, with read_committed. An id's own transactions are decided by then, because it was taken
// over before. Another id's may be open, and what follows its first record is not readable until it ends: then the reader
// waits, as long as it is let. What a broker calls the end to a reader of committed records, in its answer to a question for
// offsets and in the event at the end of a partition, is the first open transaction; the high watermark comes with what is
// fetched. Who took the one for the other would pass over his own record. What comes later is not waited for: where many
// relays commit, one of them has a transaction open at any moment, and the reader would never be done.
//
// A new leader's high watermark may lie below what its predecessor had confirmed, until its followers have spoken to it. It
// answers no question for offsets before that (KIP-207), so the end is never below the answer to one.
//
// From the end: every transaction adds a record and compaction leaves the newer part alone, so the topic may be long, and the
// record that counts is nearly always among the last. So the last records are read first, and more only when it is not there.
//
// Partition 0 alone, however many there are: a key that moved to another partition would be a record that is gone.
#include "transaction/checkpoint_topic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "client/acl.hpp"

namespace annals::kafka {

using std::chrono::milliseconds;

namespace {

constexpr std::int32_t partition = 0;
constexpr std::int64_t records_first = 1'000;
constexpr std::int64_t more_each_time = 16;
constexpr milliseconds answer_wait{100};

using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, Destroy<rd_kafka_NewTopic_destroy>>;
using Resource = std::unique_ptr<rd_kafka_ConfigResource_t, Destroy<rd_kafka_ConfigResource_destroy>>;
using AdminOptions = std::unique_ptr<rd_kafka_AdminOptions_t, Destroy<rd_kafka_AdminOptions_destroy>>;

/// The producer's settings that a consumer has, too: where the brokers are and how to speak to them.
Settings common(const Settings& settings) {
  Settings out;
  for (const auto& row : allowed_settings()) {
    const auto found = settings.find(std::string{row.name});
    if (found != settings.end() && row.client == Client::both) out.insert(*found);
  }
  return out;
}

const Settings& reader_defaults() {
  static const Settings defaults{
      {"enable.auto.commit", "false"},       {"auto.offset.reset", "earliest"}, {"enable.partition.eof", "true"},
      {"isolation.level", "read_committed"}, {"fetch.wait.max.ms", "10"},       {"group.id", "annals-relay"},
      {"socket.nagle.disable", "true"},
  };
  return defaults;
}

ClientHandle make_reader(const Settings& settings, ClientState& state) {
  auto conf = make_conf(common(settings), reader_defaults(), Client::consumer, state);
  auto client = make_client(RD_KAFKA_CONSUMER, std::move(conf));
  (void)rd_kafka_poll_set_consumer(client.get());
  return client;
}

AdminOptions admin_options(rd_kafka_t& client, rd_kafka_admin_op_t operation, milliseconds wait) {
  AdminOptions options{rd_kafka_AdminOptions_new(&client, operation)};
  std::array<char, 128> text{};
  (void)rd_kafka_AdminOptions_set_request_timeout(options.get(), to_int_ms(wait), text.data(), text.size());
  return options;
}

/// The value of one setting in the answer to a question for one topic; empty when it is not there.
std::string value_of(const rd_kafka_ConfigResource_t& resource, std::string_view name) {
  std::size_t count = 0;
  const auto* const* entries = rd_kafka_ConfigResource_configs(&resource, &count);
  for (std::size_t i = 0; i < count; ++i) {
    if (rd_kafka_ConfigEntry_name(entries[i]) != name) continue;
    const char* value = rd_kafka_ConfigEntry_value(entries[i]);
    return value == nullptr ? "" : value;
  }
  return {};
}

}  // namespace

CheckpointTopic::CheckpointTopic(const Settings& settings, std::string name, milliseconds answer_timeout)
    : name_(std::move(name)), answer_timeout_(answer_timeout), client_(make_reader(settings, state_)) {}

void CheckpointTopic::poll() {
  const MessageHandle nothing{rd_kafka_consumer_poll(client_.get(), 0)};  // nothing is assigned
}

std::string CheckpointTopic::read(const std::string& id, const KeepAlive& keep_alive) {
  const Wait wait{.deadline = Deadline{answer_timeout_}, .keep_alive = keep_alive};
  require(wait);
  return last_record(id, wait);
}

std::string CheckpointTopic::look(const std::string& id, const KeepAlive& keep_alive) {
  const Wait wait{.deadline = Deadline{answer_timeout_}, .keep_alive = keep_alive, .end = End::of_decided};
  const auto error = ask(wait.deadline);
  if (is_unknown_topic(error)) return {};
  if (is_authorisation(error)) {
    throw not_authorised(ErrorKind::not_ready, fmt::format("not authorised to read topic {}", name_),
                         acl_of_checkpoints(name_), state_);
  }
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw disconnected(fmt::format("no answer about topic {}: {}", name_, describe(error)), state_);
  }
  return last_record(id, wait);
}

std::string CheckpointTopic::last_record(const std::string& id, const Wait& wait) {
  std::int64_t low = 0;
  std::int64_t end = 0;
  const auto error = rd_kafka_query_watermark_offsets(client_.get(), name_.c_str(), partition, &low, &end,
                                                      std::max(1, to_int_ms(wait.deadline.left())));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw disconnected(fmt::format("cannot learn where {}[{}] ends: {}", name_, partition, describe(error)), state_);
  }
  for (auto count = records_first;; count *= more_each_time) {
    const auto from = std::max(low, end - count);
    auto record = find(id, {.from = from, .end = end}, wait);
    if (!record.empty() || from == low) return record;
  }
}

/// The last record of `id` in the range, and up to the high watermark.
std::string CheckpointTopic::find(const std::string& id, Range range, const Wait& wait) {
  const PartitionList list{rd_kafka_topic_partition_list_new(1)};
  rd_kafka_topic_partition_list_add(list.get(), name_.c_str(), partition)->offset = range.from;
  (void)rd_kafka_assign(client_.get(), list.get());
  std::string record;
  std::optional<std::int64_t> end;
  bool at_end = false;
  while (!at_end) {
    wait.keep_alive();
    if (wait.deadline.passed()) {
      throw disconnected(
          fmt::format("{}[{}] could not be read to its end within {} ms: another relay's transaction may be open",
                      name_, partition, answer_timeout_.count()),
          state_);
    }
    const MessageHandle message{
        rd_kafka_consumer_poll(client_.get(), to_int_ms(std::min(answer_wait, wait.deadline.left())))};
    if (!message) continue;
    if (!end) end = known_end(range.end);
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      at_end = wait.end == End::of_decided || (end && message->offset >= *end);
    } else if (message->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {  // of a group it needs no right
      throw not_authorised(ErrorKind::not_ready, fmt::format("not authorised to read {}", name_),
                           acl_of_checkpoints(name_), state_);
    } else if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      at_end = end && message->offset + 1 >= *end;
      if (std::string_view{static_cast<const char*>(message->key), message->key_len} != id) continue;
      record.assign(static_cast<const char*>(message->payload), message->len);
    }
  }
  (void)rd_kafka_assign(client_.get(), nullptr);
  return record;
}

/// As of the last answer to a fetch; empty before the first.
std::optional<std::int64_t> CheckpointTopic::known_end(std::int64_t at_least) {
  std::int64_t low = 0;
  std::int64_t high = 0;
  const auto error = rd_kafka_get_watermark_offsets(client_.get(), name_.c_str(), partition, &low, &high);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR || high < 0) return std::nullopt;
  return std::max(at_least, high);
}

/// What the broker says about the topic's partition.
rd_kafka_resp_err_t CheckpointTopic::ask(const Deadline& deadline) {
  const TopicHandle handle{rd_kafka_topic_new(client_.get(), name_.c_str(), nullptr)};
  if (!handle)
    throw invalid(fmt::format("checkpoint topic {}: {}", name_, describe(rd_kafka_last_error())), "correct the name");
  const rd_kafka_metadata_t* answer = nullptr;
  const auto error =
      rd_kafka_metadata(client_.get(), 0, handle.get(), &answer, std::max(1, to_int_ms(deadline.left())));
  const std::unique_ptr<const rd_kafka_metadata_t, Destroy<rd_kafka_metadata_destroy>> owner{answer};
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return error;
  if (answer->topic_cnt != 1) return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  const auto& topic = answer->topics[0];
  if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR) return topic.err;
  const bool led = topic.partition_cnt > 0 && topic.partitions[0].leader >= 0;
  return led ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
}

/// The topic exists, and is compacted.
void CheckpointTopic::require(const Wait& wait) {
  bool made = false;
  for (auto error = ask(wait.deadline); error != RD_KAFKA_RESP_ERR_NO_ERROR; error = ask(wait.deadline)) {
    if (is_authorisation(error)) {
      throw not_authorised(ErrorKind::not_ready, fmt::format("not authorised to use topic {}", name_),
                           acl_of_checkpoints(name_), state_);
    }
    if (wait.deadline.passed()) {
      throw disconnected(fmt::format("no answer about topic {}: {}", name_, describe(error)), state_);
    }
    if (is_unknown_topic(error) && !std::exchange(made, true)) create(wait.deadline);
    wait.keep_alive();
    std::this_thread::sleep_for(std::min(answer_wait, wait.deadline.left()));
  }
  require_compacted(wait.deadline);
}

void CheckpointTopic::create(const Deadline& deadline) {
  std::array<char, 256> text{};
  const NewTopic topic{rd_kafka_NewTopic_new(name_.c_str(), 1, -1, text.data(), text.size())};
  if (!topic) throw invalid(fmt::format("checkpoint topic {}: {}", name_, text.data()), "correct the name");
  for (const auto& [name, value] : {std::pair{"cleanup.policy", "compact"}, {"segment.bytes", "16777216"}}) {
    (void)rd_kafka_NewTopic_set_config(topic.get(), name, value);
  }
  const QueueHandle queue{rd_kafka_queue_new(client_.get())};
  auto options = admin_options(*client_, RD_KAFKA_ADMIN_OP_CREATETOPICS, deadline.left());
  std::array<rd_kafka_NewTopic_t*, 1> topics{topic.get()};
  rd_kafka_CreateTopics(client_.get(), topics.data(), topics.size(), options.get(), queue.get());
  const EventHandle event{rd_kafka_queue_poll(queue.get(), to_int_ms(deadline.left()))};
  const auto* result = event ? rd_kafka_event_CreateTopics_result(event.get()) : nullptr;
  std::size_t count = 0;
  const auto* const* made = result == nullptr ? nullptr : rd_kafka_CreateTopics_result_topics(result, &count);
  const auto error = count == 1 ? rd_kafka_topic_result_error(made[0]) : RD_KAFKA_RESP_ERR__TIMED_OUT;
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) return;
  if (error == RD_KAFKA_RESP_ERR__TIMED_OUT || error == RD_KAFKA_RESP_ERR__TRANSPORT) {
    throw disconnected(fmt::format("topic {} was to be created: {}", name_, describe(error)), state_);
  }
  throw Error{
      ErrorKind::not_ready,
      fmt::format("topic {} does not exist on {} and cannot be created: {}", name_, state_.brokers, describe(error)),
      {.hint =
           fmt::format("create it with one partition and cleanup.policy=compact: kafka-topics.sh --bootstrap-server "
                       "{} --create --topic {} --partitions 1 --config cleanup.policy=compact --config "
                       "segment.bytes=16777216",
                       state_.brokers, name_)}};
}

void CheckpointTopic::require_compacted(const Deadline& deadline) {
  const Resource resource{rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name_.c_str())};
  const QueueHandle queue{rd_kafka_queue_new(client_.get())};
  auto options = admin_options(*client_, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, deadline.left());
  std::array<rd_kafka_ConfigResource_t*, 1> resources{resource.get()};
  rd_kafka_DescribeConfigs(client_.get(), resources.data(), resources.size(), options.get(), queue.get());
  const EventHandle event{rd_kafka_queue_poll(queue.get(), to_int_ms(deadline.left()))};
  const auto* result = event ? rd_kafka_event_DescribeConfigs_result(event.get()) : nullptr;
  std::size_t count = 0;
  const auto* const* answers = result == nullptr ? nullptr : rd_kafka_DescribeConfigs_result_resources(result, &count);
  if (count != 1) throw disconnected(fmt::format("no answer about the configuration of topic {}", name_), state_);
  const auto error = rd_kafka_ConfigResource_error(answers[0]);
  if (is_authorisation(error)) {
    throw not_authorised(ErrorKind::not_ready,
                         fmt::format("not authorised to describe the configuration of topic {}", name_),
                         acl_of_checkpoints(name_), state_);
  }
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw disconnected(fmt::format("the configuration of topic {}: {}", name_, describe(error)), state_);
  }
  const auto policy = value_of(*answers[0], "cleanup.policy");
  if (policy == "compact") return;
  throw Error{
      ErrorKind::not_ready,
      fmt::format("topic {} has cleanup.policy={}: the checkpoint of a quiet relay would be deleted", name_, policy),
      {.hint =
           fmt::format("kafka-configs.sh --bootstrap-server {} --alter --topic {} --add-config cleanup.policy=compact",
                       state_.brokers, name_)}};
}

}  // namespace annals::kafka
