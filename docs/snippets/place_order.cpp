// The code of README.md. Compiled and run by the tests; README shows the marked parts.
#include "place_order.hpp"

#include <variant>

#include "annals/postgres/transact.hpp"

using annals::ExpectedVersion;
using annals::StreamName;
using annals::eventstore::EventStore;
using annals::eventstore::VersionConflict;
using annals::postgres::PqxxPool;
using annals::postgres::transact;

namespace docs {

// A stand-in for a Kafka client, for the bug.
struct Kafka {
  void produce(const std::string& topic, const std::string& key, const std::string& payload);
};

void Kafka::produce(const std::string&, const std::string&, const std::string&) {}

// [dual-write]
void place_order(pqxx::connection& db, Kafka& kafka, const std::string& id, const std::string& order) {
  pqxx::work tx{db};
  tx.exec("INSERT INTO orders VALUES (" + tx.quote(id) + ")");
  tx.commit();                         // committed ...
  kafka.produce("orders", id, order);  // ... and if the process dies here, nobody is ever told
}
// [dual-write]

// [fix]
void place_order(PqxxPool& pool, const EventStore& store, const std::string& id, const std::string& order) {
  transact(pool, [&](pqxx::work& tx) {
    tx.exec("INSERT INTO orders VALUES (" + tx.quote(id) + ")");
    const auto result = store.append(tx, StreamName{"order-" + id}, ExpectedVersion::no_stream(),
                                     {{.type = "shop.v1.OrderPlaced", .data = order}});
    if (std::holds_alternative<VersionConflict>(result)) throw OrderExists{id};  // rolls back both
  });  // one commit: row and event, or neither; annals-relay carries the event to Kafka
}
// [fix]

}  // namespace docs
