#pragma once
#include <string>
#include <string_view>

namespace annals::outbox {

/// A topic or a type with {schema}, {table} and {operation} in it.
struct NamePattern {
  std::string_view pattern;
  std::string_view schema;
  std::string_view table;
  std::string_view operation = {};
};
/// With these in their places; whatever else stands in braces stays.
[[nodiscard]] std::string fill(const NamePattern& names);
/// The same for a topic's name: what no such name may have, in schema and table, is written '_'.
[[nodiscard]] std::string fill_topic(const NamePattern& names);

}  // namespace annals::outbox
