#pragma once
#include <string>
#include <utility>

#include "log_harness.hpp"
#include "support/own_table.hpp"

namespace annals::tests {

/// A service's own table, mapped, for the contract of MessageSource.
class OwnHarness final : public LogHarness {
 public:
  OwnHarness(std::string role, Make make)
      : LogHarness(relayd::message_log("annals", mapping()), std::move(role), std::move(make)) {
    make_own_table(database_);
    postgres::Connection{database_.superuser()}.execute(
        "ALTER TABLE shop.outboxevent ADD text text; GRANT INSERT ON shop.outboxevent TO annals_writer; "
        "GRANT USAGE ON SCHEMA shop TO annals_writer");
  }
  void change_history() override {
    postgres::Connection{database_.superuser()}.execute("UPDATE shop.outboxevent SET id = gen_random_uuid()");
  }

 private:
  static relayd::OwnOutbox mapping() {
    auto own = own_outbox();
    own.payload = "text";
    return own;
  }
  void insert(pqxx::work& tx, const std::string& payload) override {
    tx.exec(
        "INSERT INTO shop.outboxevent (id, aggregatetype, aggregateid, type, text) VALUES (gen_random_uuid(), 'order', "
        "'k', 't', " +
        tx.quote(payload) + ")");
  }
};

}  // namespace annals::tests
