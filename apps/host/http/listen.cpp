#include "host/http/listen.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "host/settings/value_text.hpp"

namespace annals::host {

bool Listen::is_loopback() const { return host == "localhost" || host == "::1" || host.rfind("127.", 0) == 0; }

std::string to_string(const Listen& listen) {
  const bool ipv6 = listen.host.find(':') != std::string::npos;
  return ipv6 ? fmt::format("[{}]:{}", listen.host, listen.port) : fmt::format("{}:{}", listen.host, listen.port);
}

std::optional<Listen> parse_listen(const std::string& text) {
  if (text == "off") return std::nullopt;
  const auto colon = text.rfind(':');
  const auto remedy = "use an address and a port, such as 127.0.0.1:9464 or [::1]:9464, or \"off\"";
  if (colon == std::string::npos || colon == 0) {
    throw invalid(fmt::format("\"{}\" is no address with a port", printable(text)), remedy);
  }
  auto host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string::npos) {
    throw invalid(fmt::format("\"{}\" has several colons", printable(text)), remedy);
  }
  return Listen{host, static_cast<int>(parse_integer(text.substr(colon + 1), 0, 65'535))};
}

}  // namespace annals::host
