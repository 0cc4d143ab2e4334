#include "annals/core/event_id.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <unordered_set>
#include <vector>

using annals::EventId;

namespace {

std::uint64_t milliseconds_of(const EventId& id) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 6; ++i) value = value << 8U | id.bytes()[i];
  return value;
}

}  // namespace

TEST(EventId, IsVersion7OfRfc9562) {
  const auto before =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  const auto id = EventId::generate();
  EXPECT_EQ(id.bytes()[6] >> 4U, 7);
  EXPECT_EQ(id.bytes()[8] >> 6U, 2);
  EXPECT_NEAR(static_cast<double>(milliseconds_of(id)), static_cast<double>(before), 2000);
}

TEST(EventId, IncreasesWithinAThread) {
  auto last = EventId::generate();
  for (int i = 0; i < 100'000; ++i) {
    const auto next = EventId::generate();
    ASSERT_LT(last, next) << i;
    last = next;
  }
}

TEST(EventId, IsUniqueAcrossThreads) {
  std::vector<std::vector<EventId>> made(4);
  {
    std::vector<std::jthread> threads;
    for (auto& ids : made) {
      threads.emplace_back([&ids] {
        for (int i = 0; i < 20'000; ++i) ids.push_back(EventId::generate());
      });
    }
  }
  std::unordered_set<EventId> all;
  for (const auto& ids : made) all.insert(ids.begin(), ids.end());
  EXPECT_EQ(all.size(), 80'000U);
}

TEST(EventId, ReadsAndWritesTheRfcExample) {
  const auto id = EventId::parse("017F22E2-79B0-7CC3-98C4-DC0C0C07398F");
  ASSERT_TRUE(id);
  EXPECT_EQ(milliseconds_of(*id), 0x017F22E279B0U);
  EXPECT_EQ(id->to_string(), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

TEST(EventId, RefusesWhatIsNoUuid) {
  for (const auto* text : {"", "017f22e2", "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
                           "017f22e2-79b0-7cc3-98c4-dc0c0c07398ff", "017f22e2079b0-7cc3-98c4-dc0c0c07398f",
                           "017f22e2-79b0-7cc3-98c4-dc0c0c07398g", "{17f22e2-79b0-7cc3-98c4-dc0c0c07398}"}) {
    EXPECT_FALSE(EventId::parse(text)) << text;
  }
}

TEST(EventId, NilIsNoEventsId) {
  EXPECT_TRUE(EventId{}.is_nil());
  EXPECT_FALSE(EventId::generate().is_nil());
}
