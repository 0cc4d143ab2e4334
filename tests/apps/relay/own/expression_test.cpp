#include "relay/own/expression.hpp"

#include <gtest/gtest.h>

#include <string>

#include "annals/core/error.hpp"
#include "relay/own/own_outbox.hpp"

namespace annals::relayd {
namespace {

bool passes(const std::string& text) {
  try {
    require_expression("key", text);
    return true;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::invalid);
    EXPECT_NE(error.hint(), "");
    return false;
  }
}

TEST(Expression, PassesColumnsAndExpressions) {
  for (const char* text : {"aggregateid", "\"AggregateId\"", "'outbox.event.' || aggregatetype", "data ->> 'key'",
                           "coalesce(a, b)", "jsonb_build_object('tenant', tenant, 'a;b', '--')", "tags[1]", "'it''s'",
                           "\"a\"\"b\"", "payload::text", "CASE WHEN a > 1 THEN 'x' ELSE 'y' END",
                           "'{}'::jsonb || '{\"a\": 1}'", "(SELECT t.name FROM shop.topics t WHERE t.id = topic)"}) {
    EXPECT_TRUE(passes(text)) << text;
  }
}

TEST(Expression, RefusesWhatWouldNotStayWhereItIsPut) {
  for (const char* text : {"",
                           " ",
                           "a) FROM shop.other --",
                           "a, b",
                           "a; DROP TABLE shop.outbox",
                           "a -- b",
                           "a /* b",
                           "'a",
                           "\"a",
                           "(a",
                           "[1",
                           "a)",
                           ") OR (",
                           "(a]",
                           "$1",
                           "$$a$$",
                           "$x$a$x$",
                           R"(E'\' , b')",
                           R"('\')",
                           "{schema}",
                           "'{key}'",
                           "a\tb",
                           "a\x01"}) {
    EXPECT_FALSE(passes(text)) << text;
  }
  EXPECT_FALSE(passes(std::string(3000, 'a')));
  EXPECT_FALSE(passes(std::string("a\0b", 3)));
}

TEST(OwnOutbox, RefusesNamesThatAreNone) {
  const auto refuses = [](const auto& change) {
    auto own = debezium_layout();
    own.table = "shop.outboxevent";
    require_valid(own);
    change(own);
    EXPECT_THROW(require_valid(own), Error);
  };
  refuses([](auto& own) { own.table = "outboxevent"; });
  refuses([](auto& own) { own.table = "shop."; });
  refuses([](auto& own) { own.table = "shop.a.b"; });
  refuses([](auto& own) { own.table = "shop.\"a\""; });
  refuses([](auto& own) { own.table = "shop." + std::string(60, 'a'); });
  refuses([](auto& own) { own.position = ""; });
  refuses([](auto& own) { own.position = "{id}"; });
  refuses([](auto& own) { own.topic = ""; });
  refuses([](auto& own) { own.payload = ""; });
  refuses([](auto& own) { own.key = "a, b"; });
}

TEST(OwnOutbox, QuotesNamesThatNeedIt) {
  auto own = debezium_layout();
  own.table = "Shop.order";
  EXPECT_EQ(relation_of(own), "\"Shop\".\"order\"");
  EXPECT_EQ(message_log("annals", own).relation, "\"Shop\".\"order\"");
  EXPECT_EQ(message_log("annals", own).name, "Shop.order");
}

}  // namespace
}  // namespace annals::relayd
