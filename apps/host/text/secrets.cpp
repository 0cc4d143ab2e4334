#include "host/text/secrets.hpp"

#include <algorithm>

namespace annals::host {
namespace {

constexpr std::size_t secret_bytes_min = 4;

}  // namespace

void Secrets::add(std::string_view secret) {
  if (secret.size() < secret_bytes_min) return;
  if (std::find(values_.begin(), values_.end(), secret) != values_.end()) return;
  values_.emplace_back(secret);
  // The longest first, so that no part of one is left when another is contained in it.
  std::sort(values_.begin(), values_.end(), [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

void Secrets::add(const Secrets& others) {
  for (const auto& secret : others.values_) add(secret);
}

std::string Secrets::removed_from(std::string text) const {
  for (const auto& secret : values_) {
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + 3)) {
      text.replace(at, secret.size(), "***");
    }
  }
  return text;
}

}  // namespace annals::host
