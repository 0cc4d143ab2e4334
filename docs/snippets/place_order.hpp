#pragma once
#include <stdexcept>
#include <string>

#include "annals/eventstore/event_store.hpp"
#include "annals/postgres/transact.hpp"

namespace docs {

struct OrderExists : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void place_order(annals::postgres::PqxxPool& pool, const annals::eventstore::EventStore& store, const std::string& id,
                 const std::string& order);

}  // namespace docs
