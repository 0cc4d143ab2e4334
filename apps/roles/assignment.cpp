#include "roles/assignment.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"

namespace annals::roles {
namespace {

void require_role(const std::string& what, const std::string& role) {
  require_identifier(what, role);
  // Words that GRANT takes for others than a role of that name.
  for (const auto* word : {"public", "current_user", "current_role", "session_user", "user", "none"}) {
    if (role == word)
      throw invalid(fmt::format("{} is \"{}\", which is no role", what, word), "make a role for each program");
  }
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

}  // namespace

void Assignment::require_valid() const {
  if (!owner.empty()) require_role("owner role", owner);
  for (const auto& holder : holders) require_role(fmt::format("{} role", to_string(holder.kind)), holder.role);
  if (holders.empty()) throw invalid("no role is named", "name one: --writer shop");
}

std::vector<std::string> Assignment::roles() const {
  std::vector<std::string> names;
  for (const auto& holder : holders) add_once(names, holder.role);
  return names;
}

std::vector<std::string> Assignment::of(Kind kind) const {
  std::vector<std::string> names;
  for (const auto& holder : holders) {
    if (holder.kind == kind) add_once(names, holder.role);
  }
  return names;
}

std::vector<Holder> usual_holders() {
  return {{Kind::writer, "annals_writer"},      {Kind::outbox_relay, "annals_relay"},
          {Kind::events_relay, "annals_relay"}, {Kind::projector, "annals_projector"},
          {Kind::consumer, "annals_consumer"},  {Kind::claim_reader, "annals_consumer"},
          {Kind::reader, "annals_reader"},      {Kind::operate, "annals_operator"},
          {Kind::doctor, "annals_doctor"}};
}

}  // namespace annals::roles
