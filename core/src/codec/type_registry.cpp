#include "annals/core/type_registry.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "annals/core/limits.hpp"
#include "annals/core/text.hpp"

namespace annals {

void TypeRegistry::insert(Entry entry) {
  require_text("event type", entry.name, limits::event_type_bytes_max);
  if (knows(entry.name)) {
    throw invalid(fmt::format("event type \"{}\" is registered twice", entry.name), "give each type one name");
  }
  if (const auto [known, fresh] = by_type_.emplace(entry.type, entry.name); !fresh) {
    throw invalid(fmt::format("the C++ type of \"{}\" is already registered as \"{}\"", entry.name, known->second),
                  "use alias() for old names");
  }
  auto name = entry.name;
  by_name_.emplace(std::move(name), std::move(entry));
}

void TypeRegistry::alias(std::string old_name, std::string_view current_name) {
  require_text("event type", old_name, limits::event_type_bytes_max);
  if (by_name_.find(current_name) == by_name_.end()) {
    throw invalid(fmt::format("alias \"{}\" names the unknown type \"{}\"", old_name, current_name),
                  "register the current type first");
  }
  if (knows(old_name)) {
    throw invalid(fmt::format("event type \"{}\" is registered twice", old_name), "give each old name one alias");
  }
  aliases_.emplace(std::move(old_name), current_name);
}

std::string_view TypeRegistry::resolve(std::string_view name) const noexcept {
  const auto found = aliases_.find(name);
  return found == aliases_.end() ? name : std::string_view{found->second};
}

bool TypeRegistry::knows(std::string_view name) const noexcept { return by_name_.contains(resolve(name)); }

const TypeRegistry::Entry& TypeRegistry::entry_for(const std::type_info& type) const {
  const auto found = by_type_.find(type);
  if (found == by_type_.end()) {
    throw invalid(fmt::format("C++ type {} is not registered", type.name()), "add it to the TypeRegistry in main()");
  }
  return by_name_.find(found->second)->second;
}

const TypeRegistry::Entry& TypeRegistry::entry_for(std::string_view name, const std::type_info& wanted) const {
  const auto found = by_name_.find(resolve(name));
  if (found == by_name_.end()) {
    throw invalid(fmt::format("event type \"{}\" is unknown", printable(name)),
                  "register it, or an alias for it, in the TypeRegistry");
  }
  if (found->second.type != std::type_index{wanted}) {
    throw invalid(fmt::format("event type \"{}\" is not the C++ type that was asked for", printable(name)),
                  "decode it as the type it was registered with");
  }
  return found->second;
}

}  // namespace annals
