// Writes the same message in every encoding, each to a topic of its own, and prints "encoding topic" for each: for readers that
// are not Annals'.
#include <array>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "annals/kafka/schema_registry.hpp"
#include "kafka/messages.hpp"

namespace annals::tests {
namespace {

using namespace kafka;

/// Has one schema: id 258, a GUID of 16 bytes 0 to 15, the first message nested in the third of its file.
class FixedRegistry final : public SchemaRegistry {
 public:
  std::optional<Schema> find(const Question&) override {
    Schema schema{.id = 258, .guid = std::array<std::uint8_t, 16>{}, .message_indexes = {2, 0}};
    for (std::uint8_t i = 0; i < 16; ++i) (*schema.guid)[i] = i;
    return schema;
  }
  bool wait(std::chrono::milliseconds) override { return false; }
};

void write(const std::string& name, const EncodingRule& rule, ContentType type, std::string_view payload) {
  FixedRegistry registry;
  const auto topic = create_topic(unique_topic("readers-" + name), 1);
  KafkaSink sink{{.settings = {{"bootstrap.servers", kafka_brokers()}},
                  .source = "/shop",
                  .encodings = {rule},
                  .schema_registry = &registry}};
  outbox::MessageView message;
  message.ticket = message.position = 1;
  message.topic = topic;
  message.key = "42";
  message.id = EventId::parse("0190a6c2-7d2e-7000-8000-0123456789ab").value();
  message.type = "shop.v1.OrderPlaced";
  message.content_type = type;
  message.payload = payload;
  message.time = parse_timestamp("2026-03-01T12:00:00.25Z").value();
  message.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  message.headers = {{"tenant", "acme"}};
  Outcome outcome;
  while (sink.send(message) == KafkaSink::Send::full) poll_into(sink, outcome, std::chrono::milliseconds{5});
  drain(sink, outcome);
  if (delivered_count(outcome) != 1) throw std::runtime_error{"not delivered: " + name};
  std::printf("%s %s\n", name.c_str(), topic.c_str());
}

void write_all() {
  using kafka::Encoding;
  using kafka::Framing;
  const std::string_view json = R"({"total":1.5})";
  const std::string_view bytes{"\x0A\x01x", 3};
  write("binary", {}, ContentType::json, json);
  write("structured", {.encoding = Encoding::cloudevents_structured}, ContentType::json, json);
  write("structured-bytes", {.encoding = Encoding::cloudevents_structured}, ContentType::protobuf, bytes);
  write("raw", {.encoding = Encoding::raw}, ContentType::json, json);
  write("debezium", {.encoding = Encoding::debezium, .attributes = {{"type", "eventType"}}}, ContentType::json, json);
  write("tombstone", {.tombstone_types = {"shop.v1.OrderPlaced"}}, ContentType::json, "");
  write("prefix-json", {.framing = Framing::prefix}, ContentType::json, json);
  write("prefix-protobuf", {.framing = Framing::prefix}, ContentType::protobuf, bytes);
  write("header-protobuf", {.framing = Framing::header}, ContentType::protobuf, bytes);
}

}  // namespace
}  // namespace annals::tests

int main() {
  try {
    annals::tests::write_all();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
