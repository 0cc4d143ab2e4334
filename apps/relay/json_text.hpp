#pragma once
#include <string>
#include <string_view>

namespace annals::relayd {

/// Appends `text` as a JSON string with its quotes; what is not UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);
/// Appends standard base64 with padding, without quotes.
void append_base64(std::string& out, std::string_view bytes);
[[nodiscard]] bool is_json(std::string_view text);

}  // namespace annals::relayd
