#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "annals/core/event.hpp"

/// Everything that the checks look at, collected when the shop is quiet. Plain data: tests doctor it.
namespace shop::verify {

/// One record of a topic, as a consumer sees it.
struct Published {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string key;
  std::string id;      ///< ce_id
  std::string stream;  ///< ce_subject
  std::int64_t version = 0;
};

/// One row of the read model order_status.
struct StatusRow {
  std::string order_id;
  std::string customer_id;
  std::string state;
  std::int64_t amount_cents = 0;

  bool operator==(const StatusRow&) const = default;
};

/// One service: its whole history, and what its topic holds.
struct Service {
  std::string topic;
  std::vector<annals::RecordedEvent> history;  ///< in position order
  std::vector<Published> published;            ///< by partition, then offset
};

struct Evidence {
  Service orders;
  Service payments;
  Service shipments;
  std::vector<StatusRow> status;
};

}  // namespace shop::verify
