#pragma once
#include <memory>
#include <span>

#include "annals/eventstore/event_store.hpp"

namespace annals::cli {

/// The one transaction of an import. Rolls back unless commit() is called. The only place of the program that knows
/// libpqxx. Thread safety: none. Errors: annals::Error.
class ImportTransaction {
 public:
  explicit ImportTransaction(const postgres::Database& database);
  ~ImportTransaction();
  ImportTransaction(const ImportTransaction&) = delete;
  ImportTransaction& operator=(const ImportTransaction&) = delete;

  eventstore::ImportReport add(std::span<const eventstore::ImportedEvent> events);
  void commit();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace annals::cli
