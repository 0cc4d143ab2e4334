#include "relay/settings/registry_section.hpp"

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "host/settings/value_text.hpp"
#include "host/text/conninfo.hpp"

namespace annals::relayd {
namespace {

constexpr std::string_view clear = "http://";
constexpr std::string_view secure = "https://";

}  // namespace

std::string parse_http_url(std::string url) {
  const auto scheme = url.starts_with(secure) ? secure.size() : clear.size();
  const bool good = (url.starts_with(clear) || url.starts_with(secure)) && url.size() > scheme && url[scheme] != '/' &&
                    url.find_first_of("@?#\\ \"") == std::string::npos && printable(url) == url;
  // What is refused may hold a password: it is not shown.
  if (!good) throw invalid("an address is not http://host:port/path or https://…", "a password belongs in auth_file");
  while (url.ends_with('/')) url.pop_back();
  return url;
}

std::vector<std::string> parse_http_urls(const std::string& text) {
  std::vector<std::string> urls;
  for (auto& url : host::split(text, ',')) urls.push_back(parse_http_url(std::move(url)));
  return urls;
}

bool travels_in_clear(std::string_view url) {
  if (!url.starts_with(clear)) return false;
  auto host = url.substr(clear.size());
  host = host.substr(0, host.find('/'));
  host = host.starts_with('[') ? host.substr(1, host.find(']') - 1) : host.substr(0, host.find(':'));
  return !host::is_local(host);
}

SchemaChoice parse_schema_choice(const std::string& text) {
  host::require_one_of(text, {"latest", "file", "register"});
  if (text == "latest") return SchemaChoice::latest;
  return text == "file" ? SchemaChoice::file : SchemaChoice::registered;
}

std::string_view to_string(SchemaChoice choice) noexcept {
  switch (choice) {
    case SchemaChoice::latest: return "latest";
    case SchemaChoice::file: return "file";
    case SchemaChoice::registered: break;
  }
  return "register";
}

}  // namespace annals::relayd
