#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "annals/kafka/encoding.hpp"
#include "annals/outbox/relay.hpp"
#include "relay/own/own_outbox.hpp"

namespace annals::relayd {

struct DatabaseSection;

/// What a configuration file says, before it is applied; every problem in it, not only the first. Texts of problems
/// start with "file:line: " and hold no values of secrets.
struct FileContents {
  struct Value {
    std::string key;    ///< "relay.name"
    std::string text;   ///< lists comma-separated
    std::string where;  ///< "file:line"
  };
  std::vector<Value> values;
  std::vector<outbox::Route> routes;
  std::vector<outbox::Capture> captures;
  kafka::EncodingRules encodings;
  std::vector<OwnOutbox> own_outboxes;
  std::map<std::string, std::string> kafka_settings;
  std::vector<DatabaseSection> databases;
  std::vector<std::string> problems;
};

/// A [[database]]: what it says of itself, and what holds for it instead of what stands outside.
struct DatabaseSection {
  std::string name;
  std::string uri_env;  ///< the variable that holds the URI; empty: not so
  std::string where;    ///< "file:line"
  FileContents contents;
};

/// Reads TOML. `name` is how the file is called in messages. Throws nothing: a file that is no TOML is a problem.
[[nodiscard]] FileContents parse_toml(std::string_view text, const std::string& name);

}  // namespace annals::relayd
