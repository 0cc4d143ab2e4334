#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace annals::relayd {

/// W3C Trace Context: what a traceparent says.
struct TraceContext {
  std::array<std::uint8_t, 16> trace_id{};
  std::array<std::uint8_t, 8> span_id{};
  std::uint8_t flags = 0;

  [[nodiscard]] bool is_sampled() const noexcept { return (flags & 1U) != 0; }
};

/// Nothing for a text that is no traceparent; of a later version what all versions have.
[[nodiscard]] std::optional<TraceContext> parse_traceparent(std::string_view text) noexcept;

/// Whether a trace is among this share of all. Every program that decides so decides the same: by the random part of the id.
[[nodiscard]] bool is_within(const TraceContext& context, int percent) noexcept;

}  // namespace annals::relayd
