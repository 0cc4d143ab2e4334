#pragma once
#include <string>
#include <utility>
#include <vector>

namespace annals::kafka {

/// How a message becomes a record. In each, traceparent and tracestate travel as headers of these names, and the message's own
/// headers under theirs, unless a rule says otherwise.
enum class Encoding {
  cloudevents_binary,      ///< CloudEvents 1.0: attributes in ce_ headers, the payload as value
  cloudevents_structured,  ///< the value is the event in JSON (application/cloudevents+json), for those who read no headers
  raw,                     ///< the payload as value, and nothing that the message did not bring
  debezium,  ///< as Debezium's outbox event router: the payload as value, the event's id in the header "id"
};

/// How a payload tells the id of its schema to those who read with a schema registry.
enum class Framing {
  off,
  prefix,  ///< before it: a zero byte, four bytes of id, and for Protobuf where its message stands in the schema
  header,  ///< in the header __value_schema_id: the schema's GUID, and the same; the value is the payload alone
};

/// The name under which a registry has the schema of a payload.
enum class SubjectStrategy {
  topic,         ///< TOPIC-value
  record,        ///< the message's type
  topic_record,  ///< TOPIC-TYPE
};

/// What a record's key is. Messages whose records have one key arrive in the order of the log, as far as the key chooses the
/// partition.
struct KeyRule {
  enum class From {
    message,   ///< the message's own; no key when it has none
    id,        ///< the message's id: every record has its own, and nothing is ordered
    header,    ///< one of the message's headers; a message without it is refused
    constant,  ///< `text`: all of a topic in one order, in one partition
    none,      ///< no key: any partition, nothing is ordered
  };
  From from = From::message;
  std::string text = {};  ///< the header's name, or the constant

  bool operator==(const KeyRule&) const = default;
};

/// What a record's partition is chosen by, and so what order holds for.
struct PartitionRule {
  enum class By {
    key,     ///< the record's key
    header,  ///< the text of one of the message's headers, as if it were the key; a message without it is refused
    number,  ///< the number in one of the message's headers; refused when the topic has no such partition
    /// What a relay's shards are divided by (outbox::shard_hash() of the message's own key), of messages of an outbox: where a topic's
    /// partitions are a multiple of the shards, each of them belongs to one shard.
    shard,
  };
  By by = By::key;
  std::string header = {};

  bool operator==(const PartitionRule&) const = default;
};

using NamePairs = std::vector<std::pair<std::string, std::string>>;

/// How messages to some topics are written.
struct EncodingRule {
  std::string topic = "*";    ///< exact, or a beginning with '*' after it
  std::string category = {};  ///< of events: the part of the stream's name before the first '-'; empty: whatever it is
  Encoding encoding = Encoding::cloudevents_binary;
  KeyRule key = {};
  PartitionRule partition = {};

  NamePairs rename = {};               ///< the message's own headers: from, to
  std::vector<std::string> drop = {};  ///< of the message's own headers, traceparent and tracestate
  NamePairs add = {};                  ///< name and value, where the message brings no header of the name
  /// raw and debezium only: an attribute (id, source, type, time, subject, sequence, correlationid, causationid,
  /// datacontenttype) and the header that it is written to when the message has it.
  NamePairs attributes = {};

  /// A message with an empty payload is a tombstone, its record without value, when its type is one of these ...
  std::vector<std::string> tombstone_types = {};
  std::string tombstone_header = {};  ///< ... or when its own header of this name says "true"

  Framing framing = Framing::off;
  SubjectStrategy subject = SubjectStrategy::topic;

  bool operator==(const EncodingRule&) const = default;
};

/// The first rule that matches a message holds; without one it is CloudEvents in binary mode, keyed and placed by its own key.
using EncodingRules = std::vector<EncodingRule>;

/// Throws Error{invalid} that names the rule: a header that Annals writes itself, a rule that is never reached, two ways of
/// choosing the partitions of one topic, tombstones that no compaction could use, a frame around what no registry knows.
void require_valid(const EncodingRules& rules);

}  // namespace annals::kafka
