#include "host/text/secrets.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <memory>

namespace annals::host {
namespace {

constexpr std::size_t secret_bytes_min = 4;

/// The part of a URI between the user's colon and the @, before percent-decoding.
std::string raw_password(const std::string& uri) {
  const auto scheme = uri.find("://");
  const auto at = uri.find('@');
  if (scheme == std::string::npos || at == std::string::npos) return "";
  const auto colon = uri.find(':', scheme + 3);
  return colon == std::string::npos || colon > at ? "" : uri.substr(colon + 1, at - colon - 1);
}

}  // namespace

void Secrets::add(std::string_view secret) {
  if (secret.size() < secret_bytes_min) return;
  if (std::find(values_.begin(), values_.end(), secret) != values_.end()) return;
  values_.emplace_back(secret);
  // The longest first, so that no part of one is left when another is contained in it.
  std::sort(values_.begin(), values_.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

std::string Secrets::removed_from(std::string text) const {
  for (const auto& secret : values_) {
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3)) {
      text.replace(at, secret.size(), "***");
    }
  }
  return text;
}

std::vector<std::string> passwords_in(const std::string& conninfo) {
  std::vector<std::string> found;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options{PQconninfoParse(conninfo.c_str(), nullptr),
                                                                             &PQconninfoFree};
  for (auto* option = options.get(); option != nullptr && option->keyword != nullptr; ++option) {
    const std::string_view keyword = option->keyword;
    if (option->val != nullptr && (keyword == "password" || keyword == "sslpassword")) found.emplace_back(option->val);
  }
  if (auto raw = raw_password(conninfo); !raw.empty()) found.push_back(std::move(raw));
  return found;
}

}  // namespace annals::host
