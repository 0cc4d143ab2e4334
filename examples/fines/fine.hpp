#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "fines/cents.hpp"

namespace fines {

/// What the authority knows about one fine: a row of the read model.
struct Fine {
  std::int64_t events = 0;
  Cents amount = 0;   ///< the latest that was set: a penalty replaces it
  Cents expense = 0;  ///< sum
  Cents paid = 0;     ///< sum
  std::string last_type;

  [[nodiscard]] Cents outstanding() const noexcept { return amount + expense - paid; }
  bool operator==(const Fine&) const = default;
};

/// The fine after one more event; `json` is the event's data. Throws annals::Error{corrupt} naming the member when it is
/// not a JSON object or an amount is not a decimal string.
[[nodiscard]] Fine evolve(Fine fine, std::string_view type, std::string_view json);

}  // namespace fines
