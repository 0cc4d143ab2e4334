#include "annals/kafka/encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "annals/core/error.hpp"
#include "annals/core/limits.hpp"
#include "annals/core/reserved_headers.hpp"
#include "annals/core/text.hpp"
#include "annals/outbox/message.hpp"
#include "annals/outbox/topic_pattern.hpp"
#include "wire/attribute.hpp"
#include "wire/header_map.hpp"

namespace annals::kafka {
namespace {

/// One rule and how it is called in messages.
struct Checked {
  const EncodingRule& rule;
  std::string name;

  [[noreturn]] void fail(std::string_view what, std::string_view hint) const {
    throw invalid(fmt::format("{}: {}", name, what), std::string{hint});
  }
};

bool is_trace(std::string_view header) { return header == "traceparent" || header == "tracestate"; }

void require_header_text(const Checked& at, std::string_view what, const std::string& header) {
  try {
    require_text(what, header, limits::header_name_bytes_max);
  } catch (const Error& error) {
    at.fail(error.message(), error.hint());
  }
}

/// The name of a header that a rule writes.
void require_free(const Checked& at, std::string_view what, const std::string& header) {
  require_header_text(at, what, header);
  const auto reason = why_reserved(header, at.rule.encoding);
  if (!reason.empty()) at.fail(fmt::format("{} \"{}\": {}", what, printable(header), reason), "use another name");
}

void check_topic(const Checked& at) {
  try {
    (void)outbox::TopicPattern{at.rule.topic};
  } catch (const Error& error) {
    at.fail(error.message(), error.hint());
  }
}

void check_key(const Checked& at) {
  const auto& key = at.rule.key;
  if (key.from == KeyRule::From::header) require_header_text(at, "the key's header", key.text);
  if (key.from != KeyRule::From::constant) return;
  if (key.text.empty() || key.text.size() > outbox::message_key_bytes_max) {
    at.fail("the constant key is empty or too long", "give 1 to 1024 bytes; \"none\" writes records without key");
  }
}

void check_partition(const Checked& at) {
  const auto& partition = at.rule.partition;
  if (partition.by == PartitionRule::By::key) return;
  if (partition.by != PartitionRule::By::shard) {
    require_header_text(at, "the partition's header", partition.header);
  }
  if (!at.rule.category.empty()) {
    at.fail(
        "chooses partitions for one category of events only",
        "all messages to a topic must be placed in one way, or a key would be in two partitions: leave category out");
  }
}

void check_headers(const Checked& at) {
  std::vector<std::string> taken;
  for (const auto& [from, to] : at.rule.rename) {
    require_free(at, "rename to", to);
    require_header_text(at, "rename of", from);
    if (is_reserved_header(from)) {
      at.fail(fmt::format("rename of \"{}\": it is no header of the message's own", printable(from)),
              "rename the message's own headers only");
    }
    taken.push_back(from);
  }
  for (const auto& header : at.rule.drop) {
    require_header_text(at, "drop", header);
    if (is_reserved_header(header) && !is_trace(header)) {
      at.fail(fmt::format("drop \"{}\": readers of CloudEvents need it", printable(header)),
              "use the encoding raw for records without it");
    }
    taken.push_back(header);
  }
  std::ranges::sort(taken);
  const auto twice = std::ranges::adjacent_find(taken);
  if (twice != taken.end()) {
    at.fail(fmt::format("header \"{}\" is renamed or dropped twice", printable(*twice)), "keep one of them");
  }
  for (const auto& [header, value] : at.rule.add) require_free(at, "add", header);
}

void check_attributes(const Checked& at) {
  const bool has_own = at.rule.encoding == Encoding::raw || at.rule.encoding == Encoding::debezium;
  if (!at.rule.attributes.empty() && !has_own) {
    at.fail("attributes are in the CloudEvent already", "leave attributes out, or use the encoding raw or debezium");
  }
  for (const auto& [attribute, header] : at.rule.attributes) {
    if (!find_attribute(attribute)) {
      at.fail(fmt::format("\"{}\" is not an attribute", printable(attribute)),
              fmt::format("use one of {}", attribute_names()));
    }
    if (header != "content-type") require_free(at, "attribute to", header);
  }
}

void check_tombstones(const Checked& at) {
  if (at.rule.tombstone_types.empty() && at.rule.tombstone_header.empty()) return;
  const auto from = at.rule.key.from;
  if (from == KeyRule::From::none || from == KeyRule::From::id) {
    at.fail("tombstones need a key that other records have, too",
            "compaction keeps the last record of each key: take the key from the message or a header");
  }
}

void check_framing(const Checked& at) {
  if (at.rule.framing == Framing::off) return;
  if (at.rule.encoding == Encoding::cloudevents_structured) {
    at.fail("a structured CloudEvent cannot be framed",
            "its value is JSON of its own: use another encoding, or framing off");
  }
}

/// What one rule says of another before it.
void check_beside(const Checked& at, const Checked& earlier) {
  const outbox::TopicPattern mine{at.rule.topic};
  const outbox::TopicPattern its{earlier.rule.topic};
  const bool any_category = earlier.rule.category.empty() || earlier.rule.category == at.rule.category;
  if (any_category && its.covers(mine)) {
    at.fail(fmt::format("is never reached, {} takes all of it", earlier.name), "put the narrower rule first");
  }
  if (its.meets(mine) && earlier.rule.partition != at.rule.partition) {
    at.fail(fmt::format("and {} choose partitions of one topic in two ways", earlier.name),
            "a key would be in two partitions and lose its order: let them say the same of partition");
  }
}

}  // namespace

void require_valid(const EncodingRules& rules) {
  std::vector<Checked> checked;
  for (const auto& rule : rules) {
    const auto category =
        rule.category.empty() ? std::string{} : fmt::format(", category {}", printable(rule.category));
    const Checked at{rule,
                     fmt::format("encoding {} (topic {}{})", checked.size() + 1, printable(rule.topic), category)};
    for (const auto check :
         {check_topic, check_key, check_partition, check_headers, check_attributes, check_tombstones, check_framing}) {
      check(at);
    }
    for (const auto& earlier : checked) check_beside(at, earlier);
    checked.push_back(at);
  }
}

}  // namespace annals::kafka
