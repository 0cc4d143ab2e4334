#include "wire/encoder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <optional>
#include <utility>

#include "annals/core/stream_name.hpp"
#include "annals/core/text.hpp"
#include "annals/core/text/number.hpp"
#include "annals/outbox/shard.hpp"
#include "producer/kept_message.hpp"
#include "wire/cloud_event.hpp"
#include "wire/schema_frame.hpp"
#include "wire/structured_event.hpp"

namespace annals::kafka {
namespace {

std::optional<std::string_view> own_header(const outbox::MessageView& message, std::string_view name) {
  for (const auto& [own, value] : message.headers) {
    if (own == name) return value;
  }
  return std::nullopt;
}

Error unplaced(const outbox::MessageView& message, std::string_view what) {
  return refused(fmt::format("the message at position {} for topic {} {}", message.position, message.topic, what),
                 "whoever enqueues it must give the header; or change the topic's encoding, or give this message up");
}

std::string_view required_header(const outbox::MessageView& message, std::string_view name, std::string_view use) {
  const auto value = own_header(message, name);
  if (value && !value->empty()) return *value;
  throw unplaced(message, fmt::format("has no header {}, which its {} is taken from", printable(name), use));
}

Placement placement_of(const PartitionRule& rule, const outbox::MessageView& message) {
  if (rule.by == PartitionRule::By::key) return {};
  if (rule.by == PartitionRule::By::shard) {
    return {.by = Placement::By::hash, .hash = outbox::shard_hash(message.key, message.position)};
  }
  const auto text = required_header(message, rule.header, "partition");
  if (rule.by == PartitionRule::By::header) return {.by = Placement::By::text, .text = std::string{text}};
  const auto number = parse_number<std::int32_t>(text);
  if (!number || *number < 0) {
    throw unplaced(message, fmt::format("names \"{}\" in the header {}, which is no number of a partition",
                                        printable(text), printable(rule.header)));
  }
  return {.by = Placement::By::number, .text = {}, .number = *number};
}

bool is_tombstone(const EncodingRule& rule, const outbox::MessageView& message) {
  if (message.tombstone || !message.payload.empty()) return message.tombstone;
  if (std::ranges::find(rule.tombstone_types, message.type) != rule.tombstone_types.end()) return true;
  return !rule.tombstone_header.empty() && own_header(message, rule.tombstone_header) == "true";
}

std::string subject_of(SubjectStrategy strategy, const outbox::MessageView& message) {
  switch (strategy) {
    case SubjectStrategy::topic: return fmt::format("{}-value", message.topic);
    case SubjectStrategy::record: return std::string{message.type};
    case SubjectStrategy::topic_record: break;
  }
  return fmt::format("{}-{}", message.topic, message.type);
}

/// By so much the record's key may be larger than the message's.
std::size_t key_growth(const KeyRule& rule, const outbox::MessageView& message) {
  constexpr std::size_t id_bytes = 36;
  switch (rule.from) {
    case KeyRule::From::id: return id_bytes;
    case KeyRule::From::header: return own_header(message, rule.text).value_or(std::string_view{}).size();
    case KeyRule::From::constant: return rule.text.size();
    case KeyRule::From::message:
    case KeyRule::From::none: break;
  }
  return 0;
}

bool is_cloud_event(Encoding encoding) {
  return encoding == Encoding::cloudevents_binary || encoding == Encoding::cloudevents_structured;
}

}  // namespace

Encoder::Encoder(std::string source, EncodingRules rules, SchemaRegistry* registry)
    : source_(std::move(source)), registry_(registry), rules_(std::move(rules)) {
  require_valid(rules_);
  const bool frames = std::ranges::any_of(rules_, [](const auto& rule) { return rule.framing != Framing::off; });
  if (frames && registry_ == nullptr) {
    throw invalid("an encoding frames payloads, and there is no schema registry",
                  "give the sink one (KafkaSinkOptions::schema_registry), or set framing to off");
  }
  for (const auto& rule : rules_) ready_.emplace_back(rule);
}

std::optional<Encoded> Encoder::encode(const outbox::MessageView& message) {
  const auto* ready = find(message);
  if (ready == nullptr) return plain(message);
  return by_rule(*ready, message);
}

std::size_t Encoder::record_bytes(const outbox::MessageView& message) const {
  const auto* ready = find(message);
  if (ready == nullptr) return request_bytes(message, source_);
  const auto structured = ready->rule.encoding == Encoding::cloudevents_structured;
  return frame_bytes_max + request_bytes(message, source_) + key_growth(ready->rule.key, message) +
         ready->headers.bytes_max() + (structured ? structured_growth(message) : 0);
}

const Encoder::Ready* Encoder::find(const outbox::MessageView& message) const {
  for (const auto& ready : ready_) {
    if (!ready.topic.matches(message.topic)) continue;
    const auto& category = ready.rule.category;
    if (category.empty() || (!message.subject.empty() && category_of(message.subject) == category)) return &ready;
  }
  return nullptr;
}

Encoded Encoder::plain(const outbox::MessageView& message) const {
  Encoded out;
  out.headers = kafka::make_headers(message, source_);
  out.has_key = !message.key.empty();
  out.key = message.key;
  out.payload = message.payload;
  out.is_tombstone = message.tombstone;
  out.request_bytes = request_bytes(message, source_);
  return out;
}

std::optional<Encoded> Encoder::by_rule(const Ready& ready, const outbox::MessageView& message) {
  const auto& rule = ready.rule;
  Encoded out;
  take_key(rule.key, message, out);
  out.placement = placement_of(rule.partition, message);
  out.is_tombstone = is_tombstone(rule, message);
  if (out.is_tombstone && !out.has_key) throw unplaced(message, "is a tombstone and has no key");
  out.payload = message.payload;
  const bool structured = rule.encoding == Encoding::cloudevents_structured && !out.is_tombstone;
  if (structured) {
    write_structured(value_, message, source_);
    out.payload = value_;
  }
  out.headers = make_headers(ready, message, structured);
  if (rule.framing != Framing::off && !out.is_tombstone && !frame(rule, message, out)) return std::nullopt;
  out.request_bytes = frame_bytes_max + request_bytes(message, source_) + out.key.size() +
                      (out.payload.size() - message.payload.size()) + ready.headers.bytes_max();
  return out;
}

/// False when the registry has not answered yet.
bool Encoder::frame(const EncodingRule& rule, const outbox::MessageView& message, Encoded& out) {
  const auto subject = subject_of(rule.subject, message);
  const auto schema = registry_->find({subject, std::string{message.type}, message.content_type});
  if (!schema) return false;
  if (rule.framing == Framing::prefix) {
    write_prefix(value_, *schema, message.content_type);
    out.payload = value_.append(message.payload);
    return true;
  }
  if (!schema->guid) {
    throw refused(
        fmt::format("the schema registry gives no GUID for subject {}, which framing \"header\" needs", subject),
        "use framing \"prefix\", or a registry that has GUIDs (Confluent's, from version 8.0)");
  }
  write_schema_header(frame_, *schema, message.content_type);
  add_header(*out.headers, value_schema_header, frame_);
  return true;
}

void Encoder::take_key(const KeyRule& rule, const outbox::MessageView& message, Encoded& out) {
  switch (rule.from) {
    case KeyRule::From::message: out.key = message.key; break;
    case KeyRule::From::id: out.key = id_ = message.id.to_string(); break;
    case KeyRule::From::header: out.key = required_header(message, rule.text, "key"); break;
    case KeyRule::From::constant: out.key = rule.text; break;
    case KeyRule::From::none: break;
  }
  out.has_key = !out.key.empty();
}

HeadersHandle Encoder::make_headers(const Ready& ready, const outbox::MessageView& message, bool structured) const {
  HeadersHandle headers{
      rd_kafka_headers_new(attribute_headers_max + ready.headers.count_max() + message.headers.size())};
  if (!headers) throw std::bad_alloc{};
  if (structured) {
    add_header(*headers, "content-type", structured_media_type);
  } else if (is_cloud_event(ready.rule.encoding)) {
    add_attributes(*headers, message, source_);
  }
  ready.headers.add_to(*headers, message, source_);
  return headers;
}

}  // namespace annals::kafka
