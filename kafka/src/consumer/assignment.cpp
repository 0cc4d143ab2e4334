#include "consumer/assignment.hpp"

#include <fmt/format.h>
#include <thread>

#include <algorithm>
#include <map>
#include <set>

// Offsets are not dense: compaction, and the marks of transactions, leave holes. So "the next message is gone" cannot be
// read off the first one that comes. It is so exactly when the partition begins above the record: its low watermark moves
// only when messages are deleted. A record above the partition's end never was true of this topic: the topic was made anew,
// or the cluster lost what it had confirmed. (A new leader does not tell an end below what was read: KIP-207.)
namespace annals::kafka {
namespace {

using projections::OffsetTable;
using std::chrono::milliseconds;

constexpr milliseconds answer_wait{5'000};

constexpr milliseconds ask_again_after{50};

/// Passes: a topic made a moment ago, or whose leader is moving.
bool is_leaderless(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION || error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
}

struct Watermarks {
  std::int64_t low = 0;
  std::int64_t end = 0;
};

Error no_answer(const Consumer& consumer, std::string_view what, rd_kafka_resp_err_t error) {
  return disconnected(fmt::format("cannot learn {}: {}", what, describe(error)), consumer.state);
}

Watermarks watermarks_of(const Consumer& consumer, const std::string& topic, std::int32_t partition) {
  Watermarks out;
  const Deadline deadline{answer_wait};
  auto error = RD_KAFKA_RESP_ERR_NO_ERROR;
  do {
    error = rd_kafka_query_watermark_offsets(&consumer.client, topic.c_str(), partition, &out.low, &out.end,
                                             std::max(1, to_int_ms(deadline.left())));
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return out;
    if (is_leaderless(error)) std::this_thread::sleep_for(std::min(deadline.left(), ask_again_after));
  } while (is_leaderless(error) && !deadline.passed());
  throw no_answer(consumer, fmt::format("where {}[{}] begins and ends", topic, partition), error);
}

std::string cluster_of(const Consumer& consumer) {
  char* id = rd_kafka_clusterid(&consumer.client, to_int_ms(answer_wait));
  if (id == nullptr) throw no_answer(consumer, "the cluster's id", RD_KAFKA_RESP_ERR__TIMED_OUT);
  std::string out{id};
  rd_kafka_mem_free(&consumer.client, id);
  return out;
}

std::int32_t partition_count(const Consumer& consumer, const std::string& topic) {
  const TopicHandle handle{rd_kafka_topic_new(&consumer.client, topic.c_str(), nullptr)};
  const rd_kafka_metadata_t* answer = nullptr;
  const auto error = rd_kafka_metadata(&consumer.client, 0, handle.get(), &answer, to_int_ms(answer_wait));
  const std::unique_ptr<const rd_kafka_metadata_t, Destroy<rd_kafka_metadata_destroy>> owner{answer};
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR && answer->topic_cnt == 1 && answer->topics[0].partition_cnt > 0) {
    return answer->topics[0].partition_cnt;
  }
  throw no_answer(consumer, fmt::format("the partitions of {}", topic), error);
}

using Partitions = std::set<std::int32_t>;

/// Where what is not on record begins; `known` is what is.
std::map<std::int32_t, std::int64_t> missing_starts(const Consumer& consumer, const std::string& topic,
                                                    const Partitions& assigned, const OffsetTable::Places& known) {
  Partitions missing = assigned;
  if (known.empty()) {
    for (std::int32_t i = 0, count = partition_count(consumer, topic); i < count; ++i) missing.insert(i);
  }
  const bool at_end = known.empty() && consumer.start == Start::end;
  std::map<std::int32_t, std::int64_t> starts;
  for (const auto partition : missing) {
    if (known.contains(partition)) continue;
    const auto [low, end] = watermarks_of(consumer, topic, partition);
    starts[partition] = at_end ? end : low;
  }
  return starts;
}

/// Where each partition of `assigned` stands, on record at last.
OffsetTable::Places places_of(const Consumer& consumer, OffsetTable& offsets, const std::string& topic,
                              const Partitions& assigned) {
  const auto origin = cluster_of(consumer);
  auto places = offsets.places(origin, topic);
  const bool complete = std::ranges::all_of(assigned, [&](auto partition) { return places.contains(partition); });
  if (complete) return places;
  offsets.begin(origin, topic, missing_starts(consumer, topic, assigned, places));
  return offsets.places(origin, topic);  // another member may have been faster
}

void require_within(const Watermarks& marks, std::int64_t next, const OffsetTable& offsets, const std::string& topic,
                    std::int32_t partition) {
  if (next < marks.low) {
    throw Error{
        ErrorKind::corrupt,
        fmt::format("{}[{}] begins at offset {}, the next message to handle is {}: {} offsets were deleted before "
                    "they were handled",
                    topic, partition, marks.low, next, marks.low - next),
        {.hint = fmt::format("retention is shorter than this consumer was away, or the topic was made anew. To go on "
                             "without them: {}",
                             offsets.how_to_set(topic, partition, marks.low)),
         .sqlstate = {}}};
  }
  if (next > marks.end) {
    throw Error{
        ErrorKind::corrupt,
        fmt::format("{}[{}] ends at offset {}, this consumer has handled everything below {}: it is not the topic that "
                    "was read",
                    topic, partition, marks.end, next),
        {.hint = fmt::format("the topic was deleted and made anew, or the cluster lost messages. To read it from its "
                             "beginning: {}",
                             offsets.how_to_set(topic, partition, marks.low)),
         .sqlstate = {}}};
  }
}

}  // namespace

void find_starts(const Consumer& consumer, OffsetTable& offsets, rd_kafka_topic_partition_list_t& partitions) {
  std::map<std::string, Partitions> topics;
  for (int i = 0; i < partitions.cnt; ++i) {
    topics[partitions.elems[i].topic].insert(partitions.elems[i].partition);
  }
  for (const auto& [topic, assigned] : topics) {
    const auto places = places_of(consumer, offsets, topic, assigned);
    for (const auto partition : assigned) {
      const auto [next, can_prove] = places.at(partition);
      const auto marks = watermarks_of(consumer, topic, partition);
      require_within(marks, next, offsets, topic, partition);
      rd_kafka_topic_partition_list_set_offset(&partitions, topic.c_str(), partition,
                                               can_prove ? std::max(next - 1, marks.low) : next);
    }
  }
}

void require_next(const Consumer& consumer, OffsetTable& offsets, const std::string& topic, std::int32_t partition) {
  const auto next = places_of(consumer, offsets, topic, {partition}).at(partition).next;
  require_within(watermarks_of(consumer, topic, partition), next, offsets, topic, partition);
}

}  // namespace annals::kafka
