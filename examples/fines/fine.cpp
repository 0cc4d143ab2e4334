#include "fines/fine.hpp"

#include <nlohmann/json.hpp>

#include "annals/core/error.hpp"

namespace fines {
namespace {

annals::Error corrupt(const std::string& what) { return annals::Error{annals::ErrorKind::corrupt, what}; }

nlohmann::json parse(std::string_view type, std::string_view json) {
  auto data = nlohmann::json::parse(json, nullptr, false);
  if (!data.is_object()) throw corrupt("the data of a " + std::string{type} + " is no JSON object");
  return data;
}

/// Calls `use` with the amount in `member`, if there is one.
template <class Use>
void with_amount(const nlohmann::json& data, const char* member, Use use) {
  const auto found = data.find(member);
  if (found == data.end()) return;
  const auto amount = found->is_string() ? parse_cents(found->get<std::string>()) : std::nullopt;
  if (!amount) throw corrupt(std::string{member} + " is no amount of money: " + found->dump());
  use(*amount);
}

}  // namespace

Fine evolve(Fine fine, std::string_view type, std::string_view json) {
  const auto data = parse(type, json);
  with_amount(data, "amount", [&](Cents amount) { fine.amount = amount; });
  with_amount(data, "expense", [&](Cents expense) { fine.expense += expense; });
  with_amount(data, "paid", [&](Cents paid) { fine.paid += paid; });
  fine.last_type = type;
  ++fine.events;
  return fine;
}

}  // namespace fines
