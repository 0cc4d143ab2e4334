#pragma once
#include <string>

#include "annals/kafka/source.hpp"
#include "client/client.hpp"

/// Where the partitions of an assignment begin: as the reader's own record says.
namespace annals::kafka {

/// The connection a consumer has, for the functions below; all of them ask the broker and wait for the answer.
struct Consumer {
  rd_kafka_t& client;
  const ClientState& state;
  Start start;
};

/// Fills in the offset of each partition. Those that are not on record are put there first: at the start that the options
/// tell when the reader has never read the topic (for all of its partitions at once, also those of other members), at the
/// beginning when the topic has got more partitions since.
///
/// Throws Error{disconnected}, no answer; Error{corrupt}, the record does not fit the topic; and what `offsets` throws.
void find_starts(const Consumer& consumer, projections::OffsetTable& offsets,
                 rd_kafka_topic_partition_list_t& partitions);

/// Throws Error{corrupt} when the partition no longer has what the reader needs next.
void require_next(const Consumer& consumer, projections::OffsetTable& offsets, const std::string& topic,
                  std::int32_t partition);

}  // namespace annals::kafka
