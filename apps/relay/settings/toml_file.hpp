#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "annals/kafka/encoding.hpp"
#include "annals/outbox/relay.hpp"

namespace annals::relayd {

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
  kafka::EncodingRules encodings;
  std::map<std::string, std::string> kafka_settings;
  std::vector<std::string> problems;
};

/// Reads TOML. `name` is how the file is called in messages. Throws nothing: a file that is no TOML is a problem.
[[nodiscard]] FileContents parse_toml(std::string_view text, const std::string& name);

}  // namespace annals::relayd
