#include "relay/tracing/trace_context.hpp"

#include <algorithm>
#include <cstddef>

namespace annals::relayd {
namespace {

constexpr std::size_t length = 55;  ///< of version 00, and the least of all

/// Lower case only: so it is written.
int digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

template <std::size_t size>
bool read(std::string_view text, std::array<std::uint8_t, size>& bytes) noexcept {
  for (std::size_t i = 0; i < size; ++i) {
    const int high = digit(text[2 * i]);
    const int low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    bytes.at(i) = static_cast<std::uint8_t>(high << 4 | low);
  }
  return true;
}

template <std::size_t size>
bool is_zero(const std::array<std::uint8_t, size>& bytes) noexcept {
  return std::ranges::all_of(bytes, [](auto byte) { return byte == 0; });
}

}  // namespace

std::optional<TraceContext> parse_traceparent(std::string_view text) noexcept {
  if (text.size() < length || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  TraceContext context;
  std::array<std::uint8_t, 1> version{};
  std::array<std::uint8_t, 1> flags{};
  const bool good = read(text, version) && read(text.substr(3), context.trace_id) &&
                    read(text.substr(36), context.span_id) && read(text.substr(53), flags);
  if (!good || version[0] == 0xFF || is_zero(context.trace_id) || is_zero(context.span_id)) return std::nullopt;
  if (text.size() > length && (version[0] == 0 || text[length] != '-')) return std::nullopt;
  context.flags = flags[0];
  return context;
}

bool is_within(const TraceContext& context, int percent) noexcept {
  std::uint64_t random = 0;
  for (std::size_t i = 9; i < context.trace_id.size(); ++i) random = random << 8U | context.trace_id.at(i);
  constexpr std::uint64_t all = std::uint64_t{1} << 56U;
  return random < all / 100 * static_cast<std::uint64_t>(percent) || percent >= 100;
}

}  // namespace annals::relayd
