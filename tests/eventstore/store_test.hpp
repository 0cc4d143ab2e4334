#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <variant>
#include <vector>

#include "annals/core/error.hpp"
#include "annals/eventstore/event_store.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/transact.hpp"
#include "support/error_of.hpp"
#include "support/temp_database.hpp"

namespace annals::eventstore {

using tests::error_of;

inline NewEvent event(std::string type, std::string data = "{}") {
  return {.type = std::move(type), .data = std::move(data), .content_type = ContentType::json};
}

inline std::vector<NewEvent> events(std::size_t count) {
  std::vector<NewEvent> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(event("t", std::to_string(i)));
  return out;
}

inline ExpectedVersion exactly(std::int64_t version) { return ExpectedVersion::exactly(StreamVersion{version}); }

/// The version after a successful append; fails the test on a conflict.
inline std::int64_t version_of(const AppendResult& result) {
  const auto* appended = std::get_if<Appended>(&result);
  EXPECT_NE(appended, nullptr) << "version conflict";
  return appended == nullptr ? -1 : appended->version.value();
}

/// The actual version of a conflict; fails the test on success.
inline std::int64_t conflict_at(const AppendResult& result) {
  const auto* conflict = std::get_if<VersionConflict>(&result);
  EXPECT_NE(conflict, nullptr) << "the append succeeded";
  return conflict == nullptr ? -1 : conflict->actual.value();
}

class StoreTest : public testing::Test {
 protected:
  std::int64_t count(const std::string& table) {
    return direct_.query("SELECT count(*) FROM annals." + table).bigint(0, 0);
  }
  std::int64_t sequence() { return direct_.query("SELECT last_value FROM annals.events_position_seq").bigint(0, 0); }

  tests::TempDatabase temp_;
  postgres::Connection direct_{temp_.superuser()};
  EventStore store_{temp_.as("writer")};
  std::unique_ptr<postgres::PqxxPool> pool_ = postgres::make_pqxx_pool(temp_.as("writer"), {.size = 8});
  const StreamName stream_{"order-1"};
};

}  // namespace annals::eventstore
