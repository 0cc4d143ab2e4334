#include "admin/broker.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include "annals/core/error.hpp"

namespace shop {
namespace {

constexpr int timeout_ms = 10'000;
constexpr int attempts_max = 100;
constexpr std::chrono::milliseconds attempt_wait{100};

template <auto Destroy>
struct Destroyer {
  template <class T>
  void operator()(T* object) const noexcept {
    Destroy(object);
  }
};
using Handle = std::unique_ptr<rd_kafka_t, Destroyer<rd_kafka_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Destroyer<rd_kafka_queue_destroy>>;
using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, Destroyer<rd_kafka_NewTopic_destroy>>;
using DeleteTopic = std::unique_ptr<rd_kafka_DeleteTopic_t, Destroyer<rd_kafka_DeleteTopic_destroy>>;
using Event = std::unique_ptr<rd_kafka_event_t, Destroyer<rd_kafka_event_destroy>>;
using Partitions = std::unique_ptr<rd_kafka_topic_partition_list_t, Destroyer<rd_kafka_topic_partition_list_destroy>>;
using Metadata = std::unique_ptr<const rd_kafka_metadata_t, Destroyer<rd_kafka_metadata_destroy>>;
using Topic = std::unique_ptr<rd_kafka_topic_t, Destroyer<rd_kafka_topic_destroy>>;

void require(rd_kafka_resp_err_t code, const std::string& what) {
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  throw annals::Error{annals::ErrorKind::failed,
                      what + ": " + rd_kafka_err2str(code),
                      {.hint = "is Kafka running, and ANNALS_KAFKA right?"}};
}

Handle open(const std::string& servers, const std::string& group) {
  std::array<char, 512> reason{};
  auto* settings = rd_kafka_conf_new();
  rd_kafka_conf_set(settings, "bootstrap.servers", servers.c_str(), reason.data(), reason.size());
  rd_kafka_conf_set(settings, "group.id", group.c_str(), reason.data(), reason.size());
  Handle handle{rd_kafka_new(RD_KAFKA_CONSUMER, settings, reason.data(), reason.size())};  // takes the settings
  if (!handle) throw annals::Error{annals::ErrorKind::failed, reason.data()};
  return handle;
}

Event answer(const Queue& answers, const std::string& topic) {
  Event event{rd_kafka_queue_poll(answers.get(), timeout_ms)};
  if (!event) throw annals::Error{annals::ErrorKind::disconnected, "no answer about topic " + topic};
  require(rd_kafka_event_error(event.get()), "topic " + topic);
  return event;
}

}  // namespace

struct Broker::Impl {
  Handle handle;

  /// 0 when there is no such topic, or not yet.
  [[nodiscard]] int partition_count(const std::string& topic) const {
    const Topic named{rd_kafka_topic_new(handle.get(), topic.c_str(), nullptr)};
    const rd_kafka_metadata_t* answer = nullptr;
    require(rd_kafka_metadata(handle.get(), 0, named.get(), &answer, timeout_ms), "topic " + topic);
    const Metadata metadata{answer};
    if (metadata->topics[0].err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return 0;
    require(metadata->topics[0].err, "topic " + topic);
    return metadata->topics[0].partition_cnt;
  }
};

Broker::Broker(const std::string& bootstrap_servers, const std::string& group)
    : impl_(std::make_unique<Impl>(Impl{open(bootstrap_servers, group)})) {}
Broker::~Broker() = default;

void Broker::create_topic(const std::string& name, int partitions) {
  std::array<char, 512> reason{};
  const NewTopic topic{rd_kafka_NewTopic_new(name.c_str(), partitions, 1, reason.data(), reason.size())};
  const Queue answers{rd_kafka_queue_new(impl_->handle.get())};
  auto* wanted = topic.get();
  rd_kafka_CreateTopics(impl_->handle.get(), &wanted, 1, nullptr, answers.get());
  const auto event = answer(answers, name);
  std::size_t count = 0;
  const auto** results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  const auto outcome = rd_kafka_topic_result_error(results[0]);
  if (outcome != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) require(outcome, "topic " + name);
  for (int attempt = 0; impl_->partition_count(name) < partitions; ++attempt) {
    if (attempt == attempts_max) throw annals::Error{annals::ErrorKind::failed, "topic " + name + " does not appear"};
    std::this_thread::sleep_for(attempt_wait);
  }
}

void Broker::delete_topic(const std::string& name) {
  const DeleteTopic topic{rd_kafka_DeleteTopic_new(name.c_str())};
  const Queue answers{rd_kafka_queue_new(impl_->handle.get())};
  auto* wanted = topic.get();
  rd_kafka_DeleteTopics(impl_->handle.get(), &wanted, 1, nullptr, answers.get());
  const auto event = answer(answers, name);
  std::size_t count = 0;
  const auto** results = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event.get()), &count);
  const auto outcome = rd_kafka_topic_result_error(results[0]);
  if (outcome != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) require(outcome, "topic " + name);
}

std::vector<std::int64_t> Broker::end_offsets(const std::string& topic) {
  std::vector<std::int64_t> ends;
  for (int partition = 0; partition < impl_->partition_count(topic); ++partition) {
    std::int64_t low = 0;
    std::int64_t high = 0;
    require(rd_kafka_query_watermark_offsets(impl_->handle.get(), topic.c_str(), partition, &low, &high, timeout_ms),
            "offsets of topic " + topic);
    ends.push_back(high);
  }
  return ends;
}

std::int64_t Broker::lag(const std::string& topic) {
  const auto ends = end_offsets(topic);
  const Partitions partitions{rd_kafka_topic_partition_list_new(static_cast<int>(ends.size()))};
  for (int i = 0; i < static_cast<int>(ends.size()); ++i) {
    rd_kafka_topic_partition_list_add(partitions.get(), topic.c_str(), i);
  }
  require(rd_kafka_committed(impl_->handle.get(), partitions.get(), timeout_ms), "committed offsets of " + topic);
  std::int64_t lag = 0;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    lag += ends[i] - std::max<std::int64_t>(partitions->elems[i].offset, 0);  // nothing committed yet: -1001
  }
  return lag;
}

}  // namespace shop
