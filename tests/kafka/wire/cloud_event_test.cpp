#include "wire/cloud_event.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "annals/core/error.hpp"

namespace annals::kafka {
namespace {

using projections::IncomingMessage;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs pairs_of(const rd_kafka_headers_t& headers) {
  Pairs pairs;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0; rd_kafka_header_get_all(&headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    pairs.emplace_back(name, std::string{static_cast<const char*>(value), size});
  }
  return pairs;
}

IncomingMessage read(const Pairs& pairs) {
  const HeadersHandle headers{rd_kafka_headers_new(pairs.size())};
  for (const auto& [name, value] : pairs) {
    rd_kafka_header_add(headers.get(), name.c_str(), -1, value.data(), static_cast<ssize_t>(value.size()));
  }
  IncomingMessage message;
  read_headers(*headers, message);
  return message;
}

outbox::MessageView smallest() {
  outbox::MessageView view;
  view.id = EventId::parse("0190a6c2-7d2e-7000-8000-0123456789ab").value();
  view.type = "shop.OrderPlaced.v1";
  view.content_type = ContentType::protobuf;
  view.time = parse_timestamp("2026-03-01T12:00:00.25Z").value();
  return view;
}

TEST(CloudEventHeaders, SmallestMessageHasTheRequiredAttributes) {
  EXPECT_THAT(
      pairs_of(*make_headers(smallest(), "/shop")),
      ElementsAre(Pair("ce_specversion", "1.0"), Pair("ce_id", "0190a6c2-7d2e-7000-8000-0123456789ab"),
                  Pair("ce_source", "/shop"), Pair("ce_type", "shop.OrderPlaced.v1"),
                  Pair("ce_time", "2026-03-01T12:00:00.250000Z"), Pair("content-type", "application/protobuf")));
}

TEST(CloudEventHeaders, EverythingComesBack) {
  auto view = smallest();
  view.subject = "order-42";
  view.sequence = 7;
  view.correlation_id = "c";
  view.causation_id = "d";
  view.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  view.tracestate = "a=b";
  view.headers = {{"tenant", "acme"}, {"tenant", "again"}, {"empty", ""}, {"accept", "\xE2\x82\xAC"}};
  const auto message = read(pairs_of(*make_headers(view, "/shop")));
  EXPECT_EQ(message.id, view.id.to_string());
  EXPECT_EQ(message.source, "/shop");
  EXPECT_EQ(message.type, view.type);
  EXPECT_EQ(message.subject, "order-42");
  EXPECT_EQ(message.sequence, 7);
  EXPECT_EQ(message.content_type, ContentType::protobuf);
  EXPECT_EQ(message.time, view.time);
  const Metadata expected{
      .correlation_id = "c",
      .causation_id = "d",
      .traceparent = std::string{view.traceparent},
      .tracestate = "a=b",
      .headers = {{"tenant", "acme"}, {"tenant", "again"}, {"empty", ""}, {"accept", "\xE2\x82\xAC"}}};
  EXPECT_EQ(message.metadata, expected);
}

TEST(CloudEventHeaders, TimesAreRfc3339) {
  auto view = smallest();
  for (const char* text : {"1970-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z", "2026-12-31T23:59:59.000001Z",
                           "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.5Z"}) {
    view.time = parse_timestamp(text).value();
    EXPECT_EQ(read(pairs_of(*make_headers(view, "/s"))).time, view.time) << text;
  }
}

TEST(CloudEventHeaders, OwnHeadersMayNotTakeOurNames) {
  for (const char* name :
       {"ce_id", "CE_ID", "ce_anything", "content-type", "Content-Type", "traceparent", "TraceState", ""}) {
    auto view = smallest();
    view.headers = {{name, "x"}};
    try {
      (void)make_headers(view, "/s");
      ADD_FAILURE() << name << " went through";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::refused);
    }
  }
}

TEST(CloudEventHeaders, AbsentHeadersLeaveMembersEmpty) {
  const auto message = read({});
  EXPECT_EQ(message.id, "");
  EXPECT_EQ(message.sequence, 0);
  EXPECT_EQ(message.content_type, ContentType::octet_stream);
  EXPECT_EQ(message.metadata, Metadata{});
}

TEST(CloudEventHeaders, WhatDoesNotParseIsKept) {
  const auto message =
      read({{"ce_sequence", "seven"}, {"ce_time", "noon"}, {"content-type", "text/plain"}, {"ce_id", ""}});
  EXPECT_EQ(message.sequence, 0);
  EXPECT_EQ(message.content_type, ContentType::octet_stream);
  EXPECT_THAT(message.metadata.headers, ElementsAre(Pair("ce_sequence", "seven"), Pair("ce_time", "noon"),
                                                    Pair("content-type", "text/plain"), Pair("ce_id", "")));
}

TEST(CloudEventHeaders, ReadsAsManyAsTheSinkWritesAndNoMore) {
  auto view = smallest();
  view.subject = "order-42";
  view.sequence = 7;
  view.correlation_id = "c";
  view.causation_id = "d";
  view.traceparent = "t";
  view.tracestate = "s";
  view.claim = "claim";
  for (std::size_t i = 0; i < limits::header_count_max; ++i) view.headers.emplace_back("h", "v");
  auto pairs = pairs_of(*make_headers(view, "/shop"));
  EXPECT_EQ(pairs.size(), read_headers_max);
  const auto whole = read(pairs);
  EXPECT_EQ(whole.damaged, "");
  EXPECT_EQ(whole.metadata.headers.size(), limits::header_count_max + 1)
      << "the claim is taken out when it is redeemed";
  pairs.emplace_back("one", "more");
  const auto cut = read(pairs);
  EXPECT_EQ(cut.damaged, "78 headers, of which 77 were read");
  EXPECT_EQ(cut.metadata, whole.metadata);
}

TEST(CloudEventHeaders, FirstOfARepeatedHeaderCounts) {
  const auto message =
      read({{"ce_id", "first"}, {"ce_id", "second"}, {"content-type", "application/json; charset=utf-8"}});
  EXPECT_EQ(message.id, "first");
  EXPECT_EQ(message.content_type, ContentType::json);
  EXPECT_THAT(message.metadata.headers, ElementsAre(Pair("ce_id", "second")));
}

TEST(CloudEventHeaders, HopsTraceContextGoesBeforeTheEvents) {
  const auto both = read({{"ce_traceparent", "event"}, {"ce_tracestate", "es"}, {"traceparent", "hop"}});
  EXPECT_EQ(both.metadata.traceparent, "hop");
  EXPECT_EQ(both.metadata.tracestate, "");
  const auto events = read({{"ce_traceparent", "event"}, {"ce_tracestate", "es"}});
  EXPECT_EQ(events.metadata.traceparent, "event");
  EXPECT_EQ(events.metadata.tracestate, "es");
  EXPECT_THAT(events.metadata.headers, IsEmpty());
}

// Kafka's own UtilsTest.testMurmur2; a key goes to (hash & 0x7fffffff) % partitions.
TEST(Partitioner, AgreesWithJava) {
  const std::pair<std::string, std::int32_t> golden[] = {
      {"21", -973932308},
      {"foobar", -790332482},
      {"a-little-bit-long-string", -985981536},
      {"a-little-bit-longer-string", -1486304829},
      {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
      {"abc", 479470107},
  };
  for (const auto& [key, hash] : golden) {
    for (const std::int32_t partitions : {1, 2, 3, 4, 7, 50, 1000}) {
      EXPECT_EQ(rd_kafka_msg_partitioner_murmur2_random(nullptr, key.data(), key.size(), partitions, nullptr, nullptr),
                (hash & 0x7fffffff) % partitions)
          << key;
    }
  }
}

}  // namespace
}  // namespace annals::kafka
