#pragma once
#include <compare>
#include <cstdint>

namespace annals {

/// Place of an event in the whole log: strictly increasing, holes allowed (a rolled-back transaction leaves one).
/// 0 lies before the first event.
class GlobalPosition {
 public:
  constexpr GlobalPosition() = default;
  constexpr explicit GlobalPosition(std::int64_t value) : value_(value) {}
  [[nodiscard]] constexpr std::int64_t value() const noexcept { return value_; }
  constexpr auto operator<=>(const GlobalPosition&) const = default;  // NOLINT(modernize-use-nullptr): LLVM 14 errs

 private:
  std::int64_t value_ = 0;
};

}  // namespace annals
