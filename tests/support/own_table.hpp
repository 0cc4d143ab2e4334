#pragma once
#include <string>

#include "annals/postgres/connection.hpp"
#include "relay/own/own_outbox.hpp"
#include "support/temp_database.hpp"

namespace annals::tests {

/// A service's table as Debezium's documentation has it, and a role's right to read it.
inline void make_debezium_table(const TempDatabase& database) {
  postgres::Connection{database.superuser()}.execute(
      "CREATE SCHEMA shop AUTHORIZATION annals_service; SET ROLE annals_service; "
      "CREATE TABLE shop.outboxevent (id uuid PRIMARY KEY, aggregatetype varchar(255) NOT NULL, aggregateid "
      "varchar(255) NOT NULL, "
      "type varchar(255) NOT NULL, payload jsonb); "
      "GRANT USAGE ON SCHEMA shop TO annals_relay, annals_wal_relay, annals_operator; "
      "GRANT SELECT ON shop.outboxevent TO annals_relay, annals_wal_relay, annals_operator");
}

/// The same, with a position.
inline void make_own_table(const TempDatabase& database) {
  make_debezium_table(database);
  postgres::Connection{database.superuser()}.execute(
      "ALTER TABLE shop.outboxevent ADD position bigint GENERATED ALWAYS AS IDENTITY UNIQUE");
}

inline relayd::OwnOutbox own_outbox() {
  auto own = relayd::debezium_layout();
  own.table = "shop.outboxevent";
  return own;
}

/// One message of the aggregate type "order"; the number is the payload.
inline std::string insert_own(const std::string& key, int number) {
  return "INSERT INTO shop.outboxevent (id, aggregatetype, aggregateid, type, payload) VALUES (gen_random_uuid(), "
         "'order', '" +
         key + "', 'OrderPlaced', '" + std::to_string(number) + "')";
}

}  // namespace annals::tests
