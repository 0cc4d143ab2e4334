#include "wal/wal_ledger.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string_view>

namespace annals::outbox {
namespace {

WalLedger::Entry entry(std::int64_t position, std::uint64_t commit, std::uint32_t index) {
  EventId::Bytes bytes{};
  bytes[15] = static_cast<std::uint8_t>(position);
  return {.place = {.position = position, .id = EventId{bytes}},
          .wal = {.flush = {1}, .commit = {commit}, .index = index}};
}

/// Tickets 1, 2, 3 of the positions 3, 1, 5.
WalLedger three() {
  WalLedger ledger;
  ledger.start({}, {.flush = {1}});
  ledger.add(entry(3, 10, 1));
  ledger.add(entry(1, 20, 1));
  ledger.add(entry(5, 20, 2));
  return ledger;
}

TEST(WalLedger, SaysWhatIsPublishedWithATicketAndNoMore) {
  const auto ledger = three();
  EXPECT_EQ(ledger.published(0).encode(), "0 0 - -");
  EXPECT_EQ(ledger.published(1).encode(), "0 0 - 3+0@00000000-0000-0000-0000-000000000003");
  EXPECT_EQ(ledger.published(2).watermark(), 1);
  EXPECT_TRUE(ledger.published(3).contains(5));
  EXPECT_FALSE(ledger.published(2).contains(5));
  EXPECT_EQ(ledger.at(2).wal.commit.value, 20U);
}

/// What is still on its way is not published because the log was read beyond it.
TEST(WalLedger, SettlesForWhoHasTheTicketAndNotBefore) {
  auto ledger = three();
  ledger.settle(6, {});
  EXPECT_EQ(ledger.published(2).watermark(), 1);
  EXPECT_FALSE(ledger.published(2).contains(2));
  EXPECT_EQ(ledger.published(3).watermark(), 6);
  ledger.forget(2);
  ledger.shrink();
  EXPECT_FALSE(ledger.published(2).contains(5));
  ledger.add(entry(7, 30, 1));
  EXPECT_EQ(ledger.published(4).watermark(), 7);
  ledger.forget(3);
  ledger.shrink();
  EXPECT_EQ(ledger.published(3).watermark(), 6);
}

/// Where no message ever will be there is nothing to wait for.
TEST(WalLedger, ClosesAHoleForEveryTicket) {
  auto ledger = three();
  ledger.close({1, 2});
  EXPECT_EQ(ledger.published(0).watermark(), 2);
  EXPECT_EQ(ledger.published(1).watermark(), 3);
}

TEST(WalLedger, MovesTheLastTicketWithTheLog) {
  auto ledger = three();
  ledger.pass({40});
  EXPECT_EQ(ledger.at(3).wal, (WalPlace{.flush = {40}}));
  EXPECT_EQ(ledger.at(2).wal.flush.value, 1U) << "a place is never behind a message with a later ticket";
  ledger.forget(3);
  ledger.shrink();
  EXPECT_EQ(ledger.at(3).wal.flush.value, 40U);
  EXPECT_EQ(ledger.last_ticket(), 3);
}

/// No row is there: what it closes is as published as the rest, and no message is known by it.
TEST(WalLedger, ClosesThePositionOfWhatWasEmitted) {
  WalLedger ledger;
  ledger.start({}, {.flush = {1}});
  auto emitted = entry(1, 10, 1);
  emitted.in = WalEntry::In::log;
  ledger.add(emitted);
  ledger.add(entry(2, 10, 2));
  auto made_up = entry(1'000, 10, 3);
  made_up.in = WalEntry::In::nowhere;
  ledger.add(made_up);
  EXPECT_EQ(ledger.published(1).encode(), "1 0 - -");
  EXPECT_EQ(ledger.published(2).encode(), "2 2 00000000-0000-0000-0000-000000000002 -");
  EXPECT_EQ(ledger.published(3), ledger.published(2));
}

WalFeed::Change change(std::size_t size) {
  return {static_cast<char*>(std::calloc(size, 1)), std::string_view{"0123456789"}.substr(0, size)};
}

TEST(WalLedger, KeepsWhatTheLogAloneHasUntilItIsForgotten) {
  auto ledger = three();
  ledger.keep(1, change(5));
  ledger.keep(3, change(7));
  EXPECT_EQ(ledger.kept_bytes(), 12U);
  ASSERT_NE(ledger.kept(3), nullptr);
  EXPECT_EQ(ledger.kept(3)->bytes(), "0123456");
  EXPECT_EQ(ledger.kept(2), nullptr);
  ledger.forget(2);
  EXPECT_EQ(ledger.kept(1), nullptr);
  EXPECT_EQ(ledger.kept_bytes(), 7U);
  ledger.forget(3);
  EXPECT_NE(ledger.kept(3), nullptr) << "it may still be asked for";
  EXPECT_EQ(ledger.kept_bytes(), 0U) << "but nobody has to deliver it: it holds nothing up";
  ledger.keep(2, change(4));
  EXPECT_EQ(ledger.kept(2), nullptr);
}

}  // namespace
}  // namespace annals::outbox
