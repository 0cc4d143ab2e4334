#include "support/kafka_topic.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>

#include "annals/core/event_id.hpp"

namespace annals::tests {
namespace {

constexpr int timeout_ms = 20'000;

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error{"test support, Kafka: " + what}; }

template <auto destroy>
struct Destroy {
  void operator()(auto* object) const noexcept { destroy(object); }
};
template <class T, auto destroy>
using Owned = std::unique_ptr<T, Destroy<destroy>>;

using Client = Owned<rd_kafka_t, rd_kafka_destroy>;

Client make_client(rd_kafka_type_t type, const std::string& brokers, const TopicConfig& settings = {}) {
  std::array<char, 512> text{};
  auto* conf = rd_kafka_conf_new();
  rd_kafka_conf_set_log_cb(conf, nullptr);
  auto all = settings;
  all["bootstrap.servers"] = brokers;
  for (const auto& [name, value] : all) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), text.data(), text.size()) != RD_KAFKA_CONF_OK) {
      fail(text.data());
    }
  }
  auto* client = rd_kafka_new(type, conf, text.data(), text.size());
  if (client == nullptr) fail(text.data());
  return Client{client};
}

/// Sends an admin request with `send` and hands its answer to `check`.
void admin(const std::string& brokers, const std::function<void(rd_kafka_t*, rd_kafka_queue_t*)>& send,
           const std::function<void(rd_kafka_event_t*)>& check) {
  const auto client = make_client(RD_KAFKA_PRODUCER, brokers);
  const Owned<rd_kafka_queue_t, rd_kafka_queue_destroy> queue{rd_kafka_queue_new(client.get())};
  send(client.get(), queue.get());
  const Owned<rd_kafka_event_t, rd_kafka_event_destroy> answer{rd_kafka_queue_poll(queue.get(), timeout_ms)};
  if (!answer) fail("no answer from " + brokers);
  if (rd_kafka_event_error(answer.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    fail(rd_kafka_event_error_string(answer.get()));
  }
  check(answer.get());
}

void check_created(rd_kafka_event_t* answer) {
  std::size_t count = 0;
  auto** topics = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer), &count);
  for (std::size_t i = 0; i < count; ++i) {
    if (rd_kafka_topic_result_error(topics[i]) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      fail(rd_kafka_topic_result_error_string(topics[i]));
    }
  }
}

using NewTopic = Owned<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>;

void create(NewTopic topic, const TopicConfig& config, const std::string& brokers) {
  if (!topic) fail("no such topic can be");
  for (const auto& [key, value] : config) rd_kafka_NewTopic_set_config(topic.get(), key.c_str(), value.c_str());
  auto* request = topic.get();
  admin(
      brokers, [&](auto* client, auto* queue) { rd_kafka_CreateTopics(client, &request, 1, nullptr, queue); },
      check_created);
}

struct Partitions {
  int all = -1;  ///< when nobody answered; 0 when the topic is unknown
  int with_leader = 0;
};

Partitions partitions_of(rd_kafka_t* client, const std::string& topic) {
  const Owned<rd_kafka_topic_t, rd_kafka_topic_destroy> handle{rd_kafka_topic_new(client, topic.c_str(), nullptr)};
  const rd_kafka_metadata_t* answer = nullptr;
  if (rd_kafka_metadata(client, 0, handle.get(), &answer, timeout_ms) != RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  const Owned<const rd_kafka_metadata_t, rd_kafka_metadata_destroy> owner{answer};
  const auto& first = answer->topics[0];
  const auto led = std::count_if(first.partitions, first.partitions + first.partition_cnt,
                                 [](const auto& partition) { return partition.err == RD_KAFKA_RESP_ERR_NO_ERROR; });
  return {.all = first.partition_cnt, .with_leader = static_cast<int>(led)};
}

void wait_for_partitions(const std::string& topic, int count, const std::string& brokers) {
  const auto client = make_client(RD_KAFKA_PRODUCER, brokers);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds{timeout_ms};
  while (partitions_of(client.get(), topic).with_leader != count) {
    if (std::chrono::steady_clock::now() > deadline) fail("topic " + topic + " does not get its partitions");
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
}

/// How many partitions there are, once each has a leader: a broker that was away has none for a moment.
int partition_count(rd_kafka_t* client, const std::string& topic) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds{timeout_ms};
  while (true) {
    const auto partitions = partitions_of(client, topic);
    if (partitions.all == partitions.with_leader) return partitions.all;
    if (std::chrono::steady_clock::now() > deadline) fail("topic " + topic + " has partitions without a leader");
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
}

/// A partition's end; asks again while the leader of a new partition is not quite there.
std::int64_t end_offset(rd_kafka_t* client, const std::string& topic, std::int32_t partition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds{timeout_ms};
  while (true) {
    std::int64_t low = 0;
    std::int64_t end = 0;
    const auto error = rd_kafka_query_watermark_offsets(client, topic.c_str(), partition, &low, &end, timeout_ms);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return end;
    if (std::chrono::steady_clock::now() > deadline) fail(rd_kafka_err2str(error));
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
}

std::vector<std::int64_t> end_offsets(rd_kafka_t* client, const std::string& topic) {
  std::vector<std::int64_t> ends;
  const int count = partition_count(client, topic);
  for (int i = 0; i < count; ++i) ends.push_back(end_offset(client, topic, i));
  return ends;
}

std::string text_of(const void* data, std::size_t size) {
  return data == nullptr ? std::string{} : std::string{static_cast<const char*>(data), size};
}

Record to_record(const rd_kafka_message_t& message) {
  Record record;
  record.partition = message.partition;
  record.offset = message.offset;
  record.has_key = message.key != nullptr;
  record.key = text_of(message.key, message.key_len);
  record.has_value = message.payload != nullptr;
  record.value = text_of(message.payload, message.len);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return record;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    record.headers.emplace_back(name, text_of(value, size));
  }
  return record;
}

}  // namespace

std::string kafka_brokers() {
  const char* value = std::getenv("ANNALS_KAFKA");
  if (value == nullptr) fail("ANNALS_KAFKA is not set: use script/test, or eval \"$(script/stack env)\" first");
  return value;
}

std::string unique_topic(const std::string& prefix) { return prefix + "-" + EventId::generate().to_string(); }

std::string create_topic(const std::string& name, int partitions, const TopicConfig& config,
                         const std::string& brokers) {
  std::array<char, 512> text{};
  create(NewTopic{rd_kafka_NewTopic_new(name.c_str(), partitions, 1, text.data(), text.size())}, config, brokers);
  wait_for_partitions(name, partitions, brokers);
  return name;
}

std::string create_topic(const std::string& name, const std::vector<std::vector<std::int32_t>>& copies,
                         const TopicConfig& config, const std::string& brokers) {
  std::array<char, 512> text{};
  const auto partitions = static_cast<int>(copies.size());
  NewTopic topic{rd_kafka_NewTopic_new(name.c_str(), partitions, -1, text.data(), text.size())};
  for (int i = 0; topic && i < partitions; ++i) {
    auto on = copies.at(static_cast<std::size_t>(i));
    rd_kafka_NewTopic_set_replica_assignment(topic.get(), i, on.data(), on.size(), text.data(), text.size());
  }
  create(std::move(topic), config, brokers);
  wait_for_partitions(name, partitions, brokers);
  return name;
}

void delete_topic(const std::string& name, const std::string& brokers) {
  const Owned<rd_kafka_DeleteTopic_t, rd_kafka_DeleteTopic_destroy> topic{rd_kafka_DeleteTopic_new(name.c_str())};
  auto* request = topic.get();
  admin(
      brokers, [&](auto* client, auto* queue) { rd_kafka_DeleteTopics(client, &request, 1, nullptr, queue); },
      [](const auto*) {});
  wait_for_partitions(name, 0, brokers);
}

void add_partitions(const std::string& topic, int partitions, const std::string& brokers) {
  std::array<char, 512> text{};
  const Owned<rd_kafka_NewPartitions_t, rd_kafka_NewPartitions_destroy> more{
      rd_kafka_NewPartitions_new(topic.c_str(), static_cast<std::size_t>(partitions), text.data(), text.size())};
  if (!more) fail(text.data());
  auto* request = more.get();
  admin(
      brokers, [&](auto* client, auto* queue) { rd_kafka_CreatePartitions(client, &request, 1, nullptr, queue); },
      [](const auto*) {});
  wait_for_partitions(topic, partitions, brokers);
}

void delete_group(const std::string& group, const std::string& brokers) {
  const Owned<rd_kafka_DeleteGroup_t, rd_kafka_DeleteGroup_destroy> gone{rd_kafka_DeleteGroup_new(group.c_str())};
  auto* request = gone.get();
  admin(
      brokers, [&](auto* client, auto* queue) { rd_kafka_DeleteGroups(client, &request, 1, nullptr, queue); },
      [&](rd_kafka_event_t* answer) {
        std::size_t count = 0;
        const auto** results = rd_kafka_DeleteGroups_result_groups(rd_kafka_event_DeleteGroups_result(answer), &count);
        for (std::size_t i = 0; i < count; ++i) {
          if (const auto* error = rd_kafka_group_result_error(results[i])) fail(rd_kafka_error_string(error));
        }
      });
}

void delete_records_before(const std::string& topic, std::int32_t partition, std::int64_t offset,
                           const std::string& brokers) {
  const Owned<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy> list{
      rd_kafka_topic_partition_list_new(1)};
  rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = offset;
  const Owned<rd_kafka_DeleteRecords_t, rd_kafka_DeleteRecords_destroy> deletion{
      rd_kafka_DeleteRecords_new(list.get())};
  auto* request = deletion.get();
  admin(
      brokers, [&](auto* client, auto* queue) { rd_kafka_DeleteRecords(client, &request, 1, nullptr, queue); },
      [](const auto*) {});
}

int group_members(const std::string& group, const std::string& brokers) {
  const auto client = make_client(RD_KAFKA_PRODUCER, brokers);
  const rd_kafka_group_list* list = nullptr;
  const auto error = rd_kafka_list_groups(client.get(), group.c_str(), &list, timeout_ms);
  const Owned<const rd_kafka_group_list, rd_kafka_group_list_destroy> owner{list};
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) fail(rd_kafka_err2str(error));
  return list->group_cnt == 1 ? list->groups[0].member_cnt : 0;
}

std::string Record::header(const std::string& name) const {
  const auto found = std::ranges::find(headers, name, &std::pair<std::string, std::string>::first);
  return found == headers.end() ? std::string{} : found->second;
}

std::vector<std::int64_t> end_offsets(const std::string& topic, const std::string& brokers) {
  return end_offsets(make_client(RD_KAFKA_PRODUCER, brokers).get(), topic);
}

std::vector<Record> read_all(const std::string& topic, const std::string& brokers) {
  const auto client = make_client(RD_KAFKA_CONSUMER, brokers,
                                  {{"group.id", "annals-test-reader"},
                                   {"enable.auto.commit", "false"},
                                   {"enable.partition.eof", "true"},
                                   {"isolation.level", "read_committed"}});
  rd_kafka_poll_set_consumer(client.get());
  const auto ends = end_offsets(client.get(), topic);
  if (ends.empty()) fail("there is no topic " + topic);
  const Owned<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy> list{
      rd_kafka_topic_partition_list_new(static_cast<int>(ends.size()))};
  for (std::size_t i = 0; i < ends.size(); ++i) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), static_cast<std::int32_t>(i))->offset =
        RD_KAFKA_OFFSET_BEGINNING;
  }
  rd_kafka_assign(client.get(), list.get());
  std::vector<Record> records;
  std::vector<bool> done(ends.size());
  while (std::ranges::find(done, false) != done.end()) {
    const Owned<rd_kafka_message_t, rd_kafka_message_destroy> message{rd_kafka_consumer_poll(client.get(), timeout_ms)};
    if (!message) fail("cannot read " + topic + " to its end");
    const auto partition = static_cast<std::size_t>(message->partition);
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      done.at(partition) = done.at(partition) || message->offset >= ends[partition];
    } else if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      fail(rd_kafka_message_errstr(message.get()));
    } else if (message->offset < ends.at(partition)) {
      records.push_back(to_record(*message));
    } else {
      done.at(partition) = true;
    }
  }
  std::ranges::sort(records, {}, [](const Record& record) { return std::pair{record.partition, record.offset}; });
  return records;
}

namespace {

rd_kafka_vu_t bytes(rd_kafka_vtype_t type, bool present, const std::string& text) {
  rd_kafka_vu_t what{};
  what.vtype = type;
  what.u.mem = {present ? const_cast<char*>(text.data()) : nullptr, present ? text.size() : 0};
  return what;
}

void write_record(rd_kafka_t* client, const std::string& topic, const Record& record) {
  auto* headers = rd_kafka_headers_new(record.headers.size());
  for (const auto& [name, text] : record.headers) {
    rd_kafka_header_add(headers, name.c_str(), -1, text.data(), static_cast<ssize_t>(text.size()));
  }
  std::array<rd_kafka_vu_t, 5> what{};
  what[0].vtype = RD_KAFKA_VTYPE_TOPIC;
  what[0].u.cstr = topic.c_str();
  what[1] = bytes(RD_KAFKA_VTYPE_KEY, record.has_key, record.key);
  what[2] = bytes(RD_KAFKA_VTYPE_VALUE, record.has_value, record.value);
  what[3].vtype = RD_KAFKA_VTYPE_HEADERS;
  what[3].u.headers = headers;
  what[4].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  what[4].u.i = RD_KAFKA_MSG_F_COPY;
  const Owned<rd_kafka_error_t, rd_kafka_error_destroy> error{rd_kafka_produceva(client, what.data(), what.size())};
  if (error) fail(rd_kafka_error_string(error.get()));
}

}  // namespace

void write_records(const std::string& topic, const std::vector<Record>& records, const std::string& brokers,
                   const TopicConfig& settings) {
  TopicConfig all{{"partitioner", "murmur2_random"}, {"enable.idempotence", "true"}, {"max.in.flight", "1"}};
  all.insert(settings.begin(), settings.end());
  const auto client = make_client(RD_KAFKA_PRODUCER, brokers, all);
  for (const auto& record : records) {
    write_record(client.get(), topic, record);
    if (record.headers.size() > 1'000) rd_kafka_flush(client.get(), timeout_ms);  // librdkafka's copy of them is large
  }
  if (rd_kafka_flush(client.get(), timeout_ms) != RD_KAFKA_RESP_ERR_NO_ERROR) fail("cannot write to " + topic);
}

}  // namespace annals::tests
