#include "client/acl.hpp"

#include <fmt/format.h>

#include "annals/core/event_id.hpp"
#include "annals/core/quote.hpp"

namespace annals::kafka {

std::string acl_to_write(std::string_view topic) {
  return fmt::format("--operation Write --operation Describe --topic {}", quote_shell(topic));
}

std::string acl_to_read(std::string_view topic) {
  return fmt::format("--operation Read --operation Describe --topic {}", quote_shell(topic));
}

std::string acl_of_group(std::string_view group) {
  return fmt::format("--operation Read --group {}", quote_shell(group));
}

std::string acl_of_transactions(std::string_view id) {
  constexpr std::size_t uuid_bytes = 36;
  const auto rest = id.size() > uuid_bytes ? id.size() - uuid_bytes : 0;
  const bool has_siblings = rest > 0 && EventId::parse(id.substr(rest)).has_value();
  return fmt::format("--operation Write --operation Describe --transactional-id {}{}",
                     quote_shell(has_siblings ? id.substr(0, rest) : id),
                     has_siblings ? " --resource-pattern-type prefixed" : "");
}

std::string acl_of_checkpoints(std::string_view topic) {
  return fmt::format("--operation Read --operation Write --operation Describe --operation DescribeConfigs --topic {}",
                     quote_shell(topic));
}

}  // namespace annals::kafka
