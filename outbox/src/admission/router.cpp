#include "admission/router.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "annals/core/limits.hpp"
#include "annals/core/text.hpp"
#include "annals/outbox/message.hpp"

namespace annals::outbox {

Router::Router(const std::vector<Route>& routes) {
  for (const auto& route : routes) {
    require_text("category of a route", route.category, limits::stream_name_bytes_max);
    require_topic(route.topic);
    if (!topics_.emplace(route.category, route.topic).second) {
      throw invalid(fmt::format("two routes for category \"{}\"", printable(route.category)), "keep one of them");
    }
  }
  if (const auto all = topics_.find("*"); all != topics_.end()) fallback_ = all->second;
}

std::string_view Router::topic_of(std::string_view category) const {
  const auto found = topics_.find(category);
  return found == topics_.end() ? std::string_view{fallback_} : std::string_view{found->second};
}

}  // namespace annals::outbox
