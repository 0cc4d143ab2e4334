#include "wire/attribute.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace annals::kafka {
namespace {

constexpr std::array<std::pair<std::string_view, Attribute>, 9> named{{
    {"id", Attribute::id},
    {"source", Attribute::source},
    {"type", Attribute::type},
    {"time", Attribute::time},
    {"subject", Attribute::subject},
    {"sequence", Attribute::sequence},
    {"correlationid", Attribute::correlationid},
    {"causationid", Attribute::causationid},
    {"datacontenttype", Attribute::datacontenttype},
}};

}  // namespace

std::optional<Attribute> find_attribute(std::string_view name) noexcept {
  const auto* found = std::ranges::find(named, name, &std::pair<std::string_view, Attribute>::first);
  return found == named.end() ? std::nullopt : std::optional{found->second};
}

std::string attribute_names() {
  std::string names;
  for (const auto& [name, attribute] : named) names.append(names.empty() ? "" : ", ").append(name);
  return names;
}

std::string attribute_text(Attribute attribute, const outbox::MessageView& message, std::string_view source) {
  switch (attribute) {
    case Attribute::id: return message.id.to_string();
    case Attribute::source: return std::string{source};
    case Attribute::type: return std::string{message.type};
    case Attribute::time: return format_timestamp(message.time);
    case Attribute::subject: return std::string{message.subject};
    case Attribute::sequence: return message.sequence == 0 ? std::string{} : std::to_string(message.sequence);
    case Attribute::correlationid: return std::string{message.correlation_id};
    case Attribute::causationid: return std::string{message.causation_id};
    case Attribute::datacontenttype: break;
  }
  return std::string{media_type(message.content_type)};
}

}  // namespace annals::kafka
