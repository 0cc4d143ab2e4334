#include "relay/tracing/trace_context.hpp"

#include <gtest/gtest.h>

#include <string>

namespace annals::relayd {
namespace {

const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(TraceContext, IsWhatATraceparentSays) {
  const auto context = parse_traceparent(good);
  ASSERT_TRUE(context.has_value());
  EXPECT_EQ(context->trace_id.front(), 0x4B);
  EXPECT_EQ(context->trace_id.back(), 0x36);
  EXPECT_EQ(context->span_id.front(), 0x00);
  EXPECT_EQ(context->span_id.back(), 0xB7);
  EXPECT_TRUE(context->is_sampled());
  EXPECT_FALSE(parse_traceparent(good.substr(0, 53) + "02")->is_sampled());
}

TEST(TraceContext, OfALaterVersionIsWhatAllVersionsHave) {
  EXPECT_TRUE(parse_traceparent("01" + good.substr(2)).has_value());
  EXPECT_TRUE(parse_traceparent("01" + good.substr(2) + "-more").has_value());
  EXPECT_FALSE(parse_traceparent("01" + good.substr(2) + "more").has_value());
  EXPECT_FALSE(parse_traceparent("ff" + good.substr(2)).has_value());
}

TEST(TraceContext, WhatIsNoTraceparentHasNone) {
  for (std::size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(parse_traceparent(good.substr(0, size))) << size;
  EXPECT_FALSE(parse_traceparent(good + "-"));
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const char c : {'g', 'A', ' ', '\0', '\xFF'}) {
      auto text = good;
      text[at] = c;
      EXPECT_FALSE(parse_traceparent(text)) << at;
    }
  }
  EXPECT_FALSE(parse_traceparent("00-00000000000000000000000000000000-00f067aa0ba902b7-01"));
  EXPECT_FALSE(parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"));
}

TEST(TraceContext, AShareIsTakenByTheRandomPart) {
  TraceContext low;
  low.trace_id.front() = 0xFF;
  TraceContext high;
  for (std::size_t i = 9; i < 16; ++i) high.trace_id.at(i) = 0xFF;
  EXPECT_TRUE(is_within(low, 1) && is_within(low, 100) && is_within(high, 100));
  EXPECT_FALSE(is_within(low, 0) || is_within(high, 99) || is_within(high, 0));
}

}  // namespace
}  // namespace annals::relayd
