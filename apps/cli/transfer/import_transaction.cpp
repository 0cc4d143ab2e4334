#include "cli/transfer/import_transaction.hpp"

#include "annals/postgres/error.hpp"
#include "annals/postgres/pqxx_compat.hpp"

namespace annals::cli {
namespace {

/// One batch may wait long for a lock or a slow disk, and the file may come through a slow pipe; still nothing is endless.
postgres::Database patient(postgres::Database database) {
  database.statement_timeout = std::chrono::minutes{10};
  database.lock_timeout = std::chrono::minutes{1};
  database.idle_in_transaction_timeout = std::chrono::minutes{10};
  return database;
}

}  // namespace

struct ImportTransaction::Impl {
  postgres::Database database;
  eventstore::EventStore store;
  std::unique_ptr<pqxx::connection> connection;
  pqxx::work work;

  explicit Impl(const postgres::Database& target)
      : database(patient(target)), store(database), connection(postgres::open_pqxx(database)), work(*connection) {}
};

ImportTransaction::ImportTransaction(const postgres::Database& database) : impl_(std::make_unique<Impl>(database)) {}
ImportTransaction::~ImportTransaction() = default;

eventstore::ImportReport ImportTransaction::add(std::span<const eventstore::ImportedEvent> events) {
  return impl_->store.import(impl_->work, events);
}

void ImportTransaction::commit() {
  try {
    impl_->work.commit();
  } catch (const pqxx::failure&) {
    postgres::rethrow_pqxx("commit the import");
  }
}

}  // namespace annals::cli
