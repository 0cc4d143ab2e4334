#include "annals/json/json_codec.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "annals/json/scanner.hpp"

namespace annals::json {
namespace {

/// What is wrong, and where; empty when nothing is.
std::string fault_in(std::string_view text) {
  try {
    require_value(text);
    return {};
  } catch (const Malformed& error) {
    return fmt::format("byte {}: {}", error.offset() + 1, error.what());
  }
}

}  // namespace

void require_json(std::string_view text) {
  const auto fault = fault_in(text);
  if (!fault.empty()) {
    throw invalid(fmt::format("what to_json() made is not JSON: {}", fault),
                  "make it with a JSON library, strings too");
  }
}

void require_stored_json(ContentType content_type, std::string_view data) {
  const auto fault = content_type == ContentType::json
                         ? fault_in(data)
                         : fmt::format("its content type is {}", media_type(content_type));
  if (!fault.empty()) {
    throw Error{
        ErrorKind::corrupt, fmt::format("not JSON: {}", fault), {.hint = "check the event's type and its data"}};
  }
}

}  // namespace annals::json
