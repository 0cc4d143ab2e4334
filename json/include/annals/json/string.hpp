#pragma once
#include <string>
#include <string_view>

namespace annals::json {

/// Appends `text` as a JSON string with its quotes. Escaped is what JSON demands, and what a terminal would obey: DEL, C1
/// and the marks that turn the direction of text. What is not UTF-8 becomes U+FFFD.
void append_string(std::string& out, std::string_view text);
[[nodiscard]] std::string as_string(std::string_view text);

/// The text that a JSON string stands for. `token` is a well-formed string with its quotes, as Scanner slices it.
/// Throws Malformed for a \u escape that is half a surrogate pair: such text has no UTF-8 form.
[[nodiscard]] std::string decode_string(std::string_view token);

}  // namespace annals::json
