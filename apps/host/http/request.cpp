#include "host/http/request.hpp"

#include <algorithm>
#include <optional>

namespace annals::host {
namespace {

constexpr int bad_request = 400;
constexpr int not_allowed = 405;
constexpr int body_refused = 413;
constexpr int version_refused = 505;

bool is_token(std::string_view text) {
  constexpr std::string_view allowed = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

std::string lower(std::string_view text) {
  std::string out{text};
  for (auto& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

std::string_view without_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// The next line without its CRLF; nothing when a CR or LF stands alone.
std::optional<std::string_view> take_line(std::string_view& rest) {
  const auto end = rest.find_first_of("\r\n");
  if (end == std::string_view::npos || rest.substr(end, 2) != "\r\n") return std::nullopt;
  const auto line = rest.substr(0, end);
  rest.remove_prefix(end + 2);
  return line;
}

/// "GET /livez HTTP/1.1".
int read_request_line(std::string_view line, Request& request) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return bad_request;
  const auto method = line.substr(0, first);
  const auto target = line.substr(first + 1, last - first - 1);
  const auto version = line.substr(last + 1);
  if (!is_token(method) || !target.starts_with('/') || !is_visible(target)) return bad_request;
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return version.starts_with("HTTP/") ? version_refused : bad_request;
  if (method != "GET") return not_allowed;
  request.path = target.substr(0, target.find('?'));
  return 0;
}

/// One header; `hosts` counts how many Host headers there were.
int read_header(std::string_view line, Request& request, int& hosts) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return bad_request;
  const auto name = lower(line.substr(0, colon));
  const auto value = without_blanks(line.substr(colon + 1));
  if (value.find('\0') != std::string_view::npos) return bad_request;
  if (name == "transfer-encoding") return body_refused;
  if (name == "content-length" && value != "0") return body_refused;
  if (name != "host") return 0;
  request.host = value;
  return ++hosts > 1 || !is_visible(value) ? bad_request : 0;
}

}  // namespace

Request parse_request(std::string_view head) {
  Request request;
  const auto line = take_line(head);
  request.refusal = line ? read_request_line(*line, request) : bad_request;
  int hosts = 0;
  while (request.refusal == 0) {
    const auto header = take_line(head);
    if (header && header->empty()) break;
    request.refusal = header ? read_header(*header, request, hosts) : bad_request;
  }
  if (request.refusal == 0 && !head.empty()) request.refusal = bad_request;  // a second request, or a body
  return request;
}

bool is_loopback_host(std::string_view header) {
  const auto colon = header.rfind(':');
  const bool bracketed = !header.empty() && header.back() == ']';
  auto host = colon == std::string_view::npos || bracketed ? header : header.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') return host == "[::1]";
  const bool digits = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host == "localhost" || (digits && host.starts_with("127."));
}

}  // namespace annals::host
