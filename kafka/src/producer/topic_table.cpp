#include "producer/topic_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "client/acl.hpp"

namespace annals::kafka {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds ask_again_after{50};

/// What the broker says about one topic; _TRANSPORT or _TIMED_OUT when nobody answered.
rd_kafka_resp_err_t ask(rd_kafka_t& client, rd_kafka_topic_t& topic, milliseconds wait) {
  const rd_kafka_metadata_t* answer = nullptr;
  const auto error = rd_kafka_metadata(&client, 0, &topic, &answer, to_int_ms(wait));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return error;
  const std::unique_ptr<const rd_kafka_metadata_t, Destroy<rd_kafka_metadata_destroy>> owner{answer};
  return answer->topic_cnt == 1 ? answer->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
}

}  // namespace

ProducerTopic& TopicTable::get(std::string_view name) {
  auto found = topics_.find(name);
  if (found == topics_.end()) {
    std::string key{name};
    auto topic = open(key);
    found = topics_.emplace(std::move(key), std::move(topic)).first;
  }
  return *found->second;
}

Places TopicTable::take_answered() {
  Places places;
  places.swap(shared_.answered);
  for (const auto& place : places) place.topic->taken(place.partition);
  return places;
}

std::vector<KeptMessage> TopicTable::take_waiting() {
  std::vector<KeptMessage> messages;
  for (const auto& [name, topic] : topics_) topic->give_back(messages);
  return messages;
}

std::unique_ptr<ProducerTopic> TopicTable::open(const std::string& name) {
  auto topic = std::make_unique<ProducerTopic>(client_, name, options_.partitioner, shared_);
  const Deadline deadline{options_.wait_max};
  bool unknown = false;  // as the last broker that answered had it: the last question may be too short for an answer
  while (true) {
    const auto error = ask(client_, topic->handle(), std::max(deadline.left(), milliseconds{1}));
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR || error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) return topic;
    if (is_authorisation(error)) {
      throw not_authorised(ErrorKind::refused, fmt::format("not authorised to use topic {}", name), acl_to_write(name),
                           state_);
    }
    if (error == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION) {
      throw refused(fmt::format("{} is not a topic name", name), "correct it");
    }
    unknown = is_unknown_topic(error) || (unknown && error == RD_KAFKA_RESP_ERR__TIMED_OUT);
    if (unknown && deadline.passed()) throw unknown_topic(ErrorKind::refused, name, state_);
    if (deadline.passed())
      throw disconnected(fmt::format("no answer about topic {}: {}", name, describe(error)), state_);
    std::this_thread::sleep_for(std::min(deadline.left(), ask_again_after));
  }
}

}  // namespace annals::kafka
