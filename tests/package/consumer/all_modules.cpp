// Every public module links and its headers are found.
#include <annals/core/protobuf_codec.hpp>
#include <annals/eventstore/event_tail.hpp>
#include <annals/kafka/settings.hpp>
#include <annals/kafka/sink.hpp>
#include <annals/kafka/source.hpp>
#include <annals/outbox/outbox.hpp>
#include <annals/outbox/relay.hpp>
#include <annals/projections/inbox.hpp>
#include <annals/projections/runner.hpp>
#include <annals/testing/memory_sink.hpp>

#include <cstdio>

int main() {
  const annals::outbox::Outbox outbox{{.conninfo = ""}};
  const annals::projections::Projection projection{"names", 1};
  const annals::kafka::KafkaSink sink{{.settings = {{"bootstrap.servers", "127.0.0.1:1"}}}};
  annals::testing::MemorySink memory;
  std::printf("%s links\n", projection.name().c_str());
}
