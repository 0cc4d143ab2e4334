#pragma once
#include <stop_token>
#include <string>
#include <vector>

#include "annals/core/type_registry.hpp"
#include "annals/projections/handlers.hpp"
#include "service/settings.hpp"

namespace shop {

struct Subscription {
  std::string name;                 ///< of the consumer group, and of the inbox
  std::vector<std::string> topics;  ///< without the prefix
};

/// Handles the topics' messages until stopped: each takes effect exactly once, whatever Kafka repeats. Throws annals::Error
/// when a connection is lost; call it again then.
void consume(const Settings& settings, const Subscription& subscription, const annals::TypeRegistry& types,
             const annals::projections::MessageHandlers& handlers, const std::stop_token& stop);

}  // namespace shop
