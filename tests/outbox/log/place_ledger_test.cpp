#include "log/place_ledger.hpp"

#include <gtest/gtest.h>

namespace annals::outbox {
namespace {

using Order = PlaceLedger::Order;

MessageSource::Place place(std::int64_t position) {
  EventId::Bytes bytes{};
  bytes[15] = static_cast<std::uint8_t>(position);
  return {.position = position, .id = EventId{bytes}};
}

/// Tickets 1 and 2 of 3 and 5, with nothing at 4; then, ahead of a hole at 6, tickets 3 and 4 of 7 and 8; then ticket 5 of 6.
PlaceLedger five() {
  PlaceLedger ledger;
  ledger.start(Progress{place(2)});
  ledger.add(place(3), Order::in_order);
  ledger.add(place(5), Order::in_order);
  ledger.add(place(7), Order::ahead);
  ledger.add(place(8), Order::ahead);
  ledger.add(place(6), Order::ahead);
  return ledger;
}

void expect_five(const PlaceLedger& ledger, std::int64_t from) {
  const std::int64_t watermarks[] = {2, 3, 5, 5, 5, 8};
  const std::int64_t tops[] = {2, 3, 5, 7, 8, 8};
  for (auto ticket = from; ticket <= 5; ++ticket) {
    EXPECT_EQ(ledger.published(ticket).watermark(), watermarks[ticket]) << ticket;
    EXPECT_EQ(ledger.published(ticket).top(), tops[ticket]) << ticket;
    EXPECT_EQ(ledger.published(ticket).top_place(), place(tops[ticket])) << ticket;
  }
}

TEST(PlaceLedger, SaysWhatIsPublishedWithATicketAndNoMore) { expect_five(five(), 0); }

TEST(PlaceLedger, ForgetsWhatNobodyAsksFor) {
  for (std::int64_t ticket = 0; ticket <= 5; ++ticket) {
    auto ledger = five();
    ledger.forget(ticket);
    ledger.shrink();
    expect_five(ledger, ticket);
    EXPECT_EQ(ledger.last_ticket(), 5);
    EXPECT_EQ(ledger.ticket_of(0, 1), 5);
  }
}

/// What is still on its way is not published because its hole was closed.
TEST(PlaceLedger, SettlesForWhoHasTheTicketAndNotBefore) {
  PlaceLedger ledger;
  ledger.start(Progress{place(2)});
  ledger.add(place(4), Order::ahead);
  ledger.settle(4);
  ledger.add(place(6), Order::ahead);
  EXPECT_EQ(ledger.published(0).watermark(), 2);
  EXPECT_EQ(ledger.published(1).watermark(), 4);
  EXPECT_EQ(ledger.published(2).ranges(), 1U);
  ledger.settle(5);
  ledger.settle(6);
  EXPECT_EQ(ledger.published(1).watermark(), 4);
  EXPECT_EQ(ledger.published(2).watermark(), 6);
  ledger.forget(2);
  ledger.shrink();
  EXPECT_EQ(ledger.published(2).watermark(), 6);
  EXPECT_EQ(ledger.published(2).anchor(), place(6));
}

}  // namespace
}  // namespace annals::outbox
