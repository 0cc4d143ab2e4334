#include "service/consumer.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "annals/kafka/source.hpp"
#include "annals/projections/inbox.hpp"
#include "service/screened_source.hpp"

namespace shop {
namespace {

constexpr std::chrono::milliseconds wait_max{200};  // so soon a stop is noticed

annals::kafka::KafkaSourceOptions source_options(const Settings& settings, const Subscription& subscription) {
  annals::kafka::KafkaSourceOptions options;
  options.settings = settings.kafka();
  options.settings["session.timeout.ms"] = "6000";  // so soon a killed member's partitions go to the next
  options.group = settings.topic(subscription.name);
  for (const auto& topic : subscription.topics) options.topics.push_back(settings.topic(topic));
  return options;
}

}  // namespace

void consume(const Settings& settings, const Subscription& subscription, const annals::TypeRegistry& types,
             const annals::projections::MessageHandlers& handlers, const std::stop_token& stop) {
  annals::kafka::KafkaSource kafka{source_options(settings, subscription)};
  ScreenedSource source{kafka, types,
                        [&](const auto& what) { fmt::print(stderr, "{}: {}\n", subscription.name, what); }};
  annals::projections::Inbox inbox{settings.database, subscription.name, types, handlers};
  while (!stop.stop_requested()) inbox.step(source, wait_max);
}

}  // namespace shop
