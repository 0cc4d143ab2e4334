#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace annals::host {

/// What a request may be in all, its empty line included.
inline constexpr std::size_t request_bytes_max = 8U << 10U;

/// The head of a GET request, or why it is refused.
struct Request {
  int refusal = 0;   ///< the status to answer with; 0: none, it is good
  std::string path;  ///< without the query
  std::string host;  ///< the Host header; empty when there is none
};

/// Reads a head that ends in its empty line. Strict, because nobody honest sends anything else and whatever two readers
/// might understand differently is an attack: CRLF only, one Host, no folded lines, no body, no other method than GET.
[[nodiscard]] Request parse_request(std::string_view head);

/// True when a Host header names loopback: "localhost", "127.…" or "[::1]", with or without a port.
[[nodiscard]] bool is_loopback_host(std::string_view header);

}  // namespace annals::host
