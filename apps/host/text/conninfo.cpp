#include "host/text/conninfo.hpp"

#include <libpq-fe.h>

#include <memory>
#include <string_view>

namespace annals::host {
namespace {

using Options = std::unique_ptr<PQconninfoOption, decltype([](PQconninfoOption* o) { PQconninfoFree(o); })>;

/// The value of a keyword; empty when it is not given or the string is not understood.
std::string value_of(const Options& options, std::string_view keyword) {
  for (auto* option = options.get(); option != nullptr && option->keyword != nullptr; ++option) {
    if (option->keyword == keyword && option->val != nullptr) return option->val;
  }
  return "";
}

/// What a session would be opened with: the string, then its service, then the environment, then the defaults. Only a
/// connection knows; this one gives up before it asks anybody, for it is told to look for a server of no kind.
Options resolved(const std::string& conninfo) {
  const char* const keywords[] = {"dbname", "target_session_attrs", nullptr};
  const char* const values[] = {conninfo.c_str(), "none-that-there-is", nullptr};
  const std::unique_ptr<PGconn, decltype([](PGconn* c) { PQfinish(c); })> connection{
      PQconnectStartParams(keywords, values, 1)};
  return Options{PQconninfo(connection.get())};
}

/// The part of a URI between the user's colon and the @, before percent-decoding.
std::string raw_password(const std::string& uri) {
  const auto scheme = uri.find("://");
  const auto at = uri.find('@');
  if (scheme == std::string::npos || at == std::string::npos) return "";
  const auto colon = uri.find(':', scheme + 3);
  return colon == std::string::npos || colon > at ? "" : uri.substr(colon + 1, at - colon - 1);
}

}  // namespace

bool is_local(std::string_view hosts) {
  while (!hosts.empty()) {
    const auto host = hosts.substr(0, hosts.find(','));
    hosts.remove_prefix(std::min(host.size() + 1, hosts.size()));
    const bool local = host.empty() || host.starts_with('/') || host.starts_with('@') || host == "localhost" ||
                       host == "::1" || host.starts_with("127.");
    if (!local) return false;
  }
  return true;
}

std::vector<std::string> passwords_in(const std::string& conninfo) {
  std::vector<std::string> found;
  const Options options{PQconninfoParse(conninfo.c_str(), nullptr)};
  for (const auto* keyword : {"password", "sslpassword"}) {
    if (auto value = value_of(options, keyword); !value.empty()) found.push_back(std::move(value));
  }
  if (auto raw = raw_password(conninfo); !raw.empty()) found.push_back(std::move(raw));
  return found;
}

std::string server_and_database(const std::string& conninfo) {
  const auto options = resolved(conninfo);
  std::string out;
  for (const auto* keyword : {"host", "hostaddr", "port", "dbname"}) out.append(value_of(options, keyword)) += '\n';
  return out;
}

bool may_travel_in_clear(const std::string& conninfo) {
  const auto options = resolved(conninfo);
  const auto mode = value_of(options, "sslmode");
  if (mode == "require" || mode == "verify-ca" || mode == "verify-full") return false;
  return !is_local(value_of(options, "host")) || !is_local(value_of(options, "hostaddr"));
}

}  // namespace annals::host
