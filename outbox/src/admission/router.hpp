#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "annals/outbox/relay.hpp"

namespace annals::outbox {

/// Finds the topic for events of a category. Immutable; const methods are thread-safe.
class Router {
 public:
  /// Throws Error{invalid} for an illegal topic, an empty category or two routes for one category.
  explicit Router(const std::vector<Route>& routes);
  /// Empty when no route names the category.
  [[nodiscard]] std::string_view topic_of(std::string_view category) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, std::string, Hash, std::equal_to<>> topics_;
  std::string fallback_;
};

}  // namespace annals::outbox
