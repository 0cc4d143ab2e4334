#pragma once
#include <compare>
#include <cstdint>

namespace annals {

/// Place of an event in its stream: 1, 2, 3 … without holes; 0 is the version of a stream without events.
class StreamVersion {
 public:
  constexpr StreamVersion() = default;
  constexpr explicit StreamVersion(std::int64_t value) : value_(value) {}
  [[nodiscard]] constexpr std::int64_t value() const noexcept { return value_; }
  [[nodiscard]] constexpr StreamVersion next() const noexcept { return StreamVersion{value_ + 1}; }
  constexpr auto operator<=>(const StreamVersion&) const = default;  // NOLINT(modernize-use-nullptr): LLVM 14 errs

 private:
  std::int64_t value_ = 0;
};

}  // namespace annals
