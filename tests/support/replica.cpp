#include "support/replica.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <thread>

#include "annals/postgres/connection.hpp"
#include "support/output_of.hpp"

namespace annals::tests {
namespace {

std::string new_directory() {
  static int count = 0;
  return "/tmp/annals-replica-" + std::to_string(getpid()) + "-" + std::to_string(++count);
}

}  // namespace

Replica::Replica(const std::string& primary_uri) : directory_(new_directory()) {
  std::istringstream answer{output_of(std::string{ANNALS_TEST_REPLICA} + " start " + directory_ + " '" + primary_uri +
                                      "' " + std::to_string(getpid()))};
  answer >> host_ >> port_;
}

Replica::~Replica() {
  try {
    run_command(std::string{ANNALS_TEST_REPLICA} + " stop " + directory_);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
}

postgres::Database Replica::database(const postgres::Database& primary, const std::string& name) const {
  auto database = primary;
  database.conninfo = "host=" + host_ + " port=" + port_ + " user=annals_service dbname=" + name;
  return database;
}

postgres::Database Replica::maintenance() const {
  return {.conninfo = "host=" + host_ + " port=" + port_ + " user=annals dbname=postgres"};
}

void Replica::catch_up(const postgres::Database& primary) const {
  postgres::Connection source{primary};
  const auto written = source.query("SELECT pg_current_wal_insert_lsn()::text").text(0, 0);
  source.execute("CHECKPOINT");  // what was written lazily reaches the disk, and so the replica
  postgres::Connection connection{maintenance()};
  while (!connection.query("SELECT pg_last_wal_replay_lsn() >= $1::text::pg_lsn", postgres::Params{}.text(written))
              .boolean(0, 0)) {
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
}

void Replica::cut_off() const {
  postgres::Connection connection{maintenance()};
  connection.execute("ALTER SYSTEM SET primary_conninfo = ''");
  connection.execute("SELECT pg_reload_conf()");
  while (connection.query("SELECT count(*) FROM pg_stat_get_wal_receiver() r WHERE r.pid IS NOT NULL").bigint(0, 0) >
         0) {
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
}

void Replica::promote() const {
  postgres::Connection connection{maintenance()};
  connection.execute("SELECT pg_promote(true, 60)");
}

}  // namespace annals::tests
