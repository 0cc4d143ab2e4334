#pragma once
#include <cstdint>
#include <string>

#include "annals/core/stream_version.hpp"

namespace annals {

/// What an append demands of its stream: the optimistic lock of event sourcing.
class ExpectedVersion {
 public:
  /// The stream has no events yet.
  [[nodiscard]] static constexpr ExpectedVersion no_stream() { return ExpectedVersion{0}; }
  /// The stream's last event has this version; exactly(0) is no_stream().
  [[nodiscard]] static ExpectedVersion exactly(StreamVersion version);
  /// The stream has at least one event.
  [[nodiscard]] static constexpr ExpectedVersion stream_exists() { return ExpectedVersion{-2}; }
  /// Nothing is demanded. Appends are then not idempotent: a repeated call appends again.
  [[nodiscard]] static constexpr ExpectedVersion any() { return ExpectedVersion{-1}; }

  [[nodiscard]] constexpr bool is_exact() const noexcept { return code_ >= 0; }
  /// -2 stream_exists, -1 any, otherwise the exact version: the form the SQL interface takes.
  [[nodiscard]] constexpr std::int64_t code() const noexcept { return code_; }
  [[nodiscard]] constexpr bool operator==(const ExpectedVersion&) const = default;

 private:
  constexpr explicit ExpectedVersion(std::int64_t code) : code_(code) {}
  std::int64_t code_;
};

[[nodiscard]] std::string to_string(ExpectedVersion expected);

}  // namespace annals
