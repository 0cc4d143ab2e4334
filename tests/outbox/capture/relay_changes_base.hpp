#pragma once
#include <gmock/gmock.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "annals/json/scanner.hpp"
#include "annals/outbox/status.hpp"
#include "relay_test_base.hpp"
#include "support/error_of.hpp"

namespace annals::tests {

using outbox::Capture;

/// How the log is read.
enum class Way { streamed, mined };

constexpr auto orders = "public.orders";

class RelayChangesBase : public RelayTestBase {
 protected:
  RelayChangesBase() { log_ = outbox::change_log("annals"); }

  outbox::Relay capturing(outbox::Sink& sink, std::vector<Capture> captures, outbox::RelayOptions options = {}) {
    options.read_from = outbox::ReadFrom::wal;
    options.captures = std::move(captures);
    if (way_ == Way::mined) {
      options.mine_from_bytes = 1;
      options.mine_batch_bytes = 4096;
    }
    return {database_.as("wal_relay"), log_, sink, clock_, std::move(options)};
  }
  /// Once more by its checkpoint, until all is published; what it published.
  std::vector<Received> run_once(const std::vector<Capture>& captures, outbox::RelayOptions options = {}) {
    RecordingSink sink;
    auto relay = capturing(sink, captures, std::move(options));
    run_until_idle(relay);
    EXPECT_TRUE(relay.drain(5s));
    return std::move(sink.received);
  }
  /// A table of orders, captured from now on.
  void make_orders(const std::string& columns = "id bigint PRIMARY KEY, state text, doc text",
                   const std::string& more = "") {
    execute("CREATE TABLE orders (" + columns + ");" + more + ";CREATE PUBLICATION annals_changes FOR TABLE orders");
    EXPECT_THAT(run_once({captured()}), ::testing::IsEmpty());
  }
  void execute(const std::string& sql) { RelayTestBase::execute("SET search_path = public; " + sql); }
  static Capture captured() { return {.table = orders, .topic = "cdc.{table}"}; }

  /// A member of a payload, as it stands there.
  static std::string member(const Received& message, std::string_view name) {
    for (const auto& member : json::members(message.payload, 10)) {
      if (member.name == name) return std::string{member.text};
    }
    return "";
  }
  static std::vector<std::string> types(const std::vector<Received>& messages) {
    std::vector<std::string> out;
    for (const auto& message : messages) out.push_back(message.tombstone ? "tombstone" : message.type);
    return out;
  }
  static std::vector<std::string> keys(const std::vector<Received>& messages) {
    std::vector<std::string> out;
    for (const auto& message : messages) out.push_back(message.key);
    return out;
  }
  static std::string error_text(const std::function<void()>& work) { return tests::error_of(work).what(); }
  /// What the relay throws within a minute.
  std::optional<Error> error_of(const std::vector<Capture>& captures) {
    RecordingSink sink;
    try {
      auto relay = capturing(sink, captures);
      run_until_idle(relay);
    } catch (const Error& error) {
      return error;
    }
    return std::nullopt;
  }
  /// Does what the hint says, as a superuser would: its statement, from the first word of SQL on.
  void mend(const Error& error, const std::string& first_word) {
    const auto& hint = error.hint();
    const auto begin = hint.find(first_word);
    ASSERT_NE(begin, std::string::npos) << hint;
    execute(hint.substr(begin, hint.find(';', begin) - begin));
  }
  /// Does what an error says that there is nothing to go on with; what changes from then on comes, and nothing else.
  void begin_anew(const Error& error) {
    EXPECT_THAT(error.hint(), testing::HasSubstr("annals relay forget relay --log changes --yes"));
    mend(error, "SELECT");
    postgres::Connection operate{database_.as("operator")};
    outbox::forget_checkpoint(operate, log_, "relay");
    EXPECT_THAT(run_once({captured()}), testing::IsEmpty());
    execute("INSERT INTO orders VALUES (3, 'a', '')");
    EXPECT_THAT(keys(run_once({captured()})), testing::ElementsAre("3"));
  }
  void fill_doc() {
    execute(
        "INSERT INTO orders VALUES (1, 'new', (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 500) i))");
  }

  Way way_ = Way::streamed;
};

}  // namespace annals::tests
