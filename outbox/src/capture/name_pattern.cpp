#include "capture/name_pattern.hpp"

#include <array>
#include <utility>

namespace annals::outbox {
namespace {

std::string plain(std::string_view name) {
  std::string out{name};
  for (auto& c : out) {
    const bool allowed =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    if (!allowed) c = '_';
  }
  return out;
}

}  // namespace

std::string fill(const NamePattern& names) {
  const std::array<std::pair<std::string_view, std::string_view>, 3> words{
      {{"{schema}", names.schema}, {"{table}", names.table}, {"{operation}", names.operation}}};
  std::string out;
  for (auto rest = names.pattern; !rest.empty();) {
    std::size_t taken = 1;
    std::string_view put = rest.substr(0, 1);
    for (const auto& [word, value] : words) {
      if (!rest.starts_with(word)) continue;
      taken = word.size();
      put = value;
    }
    out += put;
    rest.remove_prefix(taken);
  }
  return out;
}

std::string fill_topic(const NamePattern& names) {
  const auto schema = plain(names.schema);
  const auto table = plain(names.table);
  return fill({.pattern = names.pattern, .schema = schema, .table = table});
}

}  // namespace annals::outbox
