#pragma once
#include <span>

#include "annals/eventstore/event_store.hpp"
#include "store/statements.hpp"

namespace annals::eventstore {

[[nodiscard]] ImportReport import_events(const Statements& statements, pqxx::transaction_base& tx,
                                         std::span<const ImportedEvent> events);

}  // namespace annals::eventstore
