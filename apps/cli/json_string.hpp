#pragma once
#include <string>
#include <string_view>

namespace annals::cli {

/// Appends `text` (UTF-8) as a JSON string with its quotes; only what JSON demands is escaped.
void append_json_string(std::string& out, std::string_view text);
[[nodiscard]] std::string json_string(std::string_view text);

/// The text that a JSON string stands for. `token` is a well-formed string with its quotes, as JsonScanner slices it.
/// Throws JsonError for a \u escape that is half a surrogate pair: such text has no UTF-8 form.
[[nodiscard]] std::string decode_json_string(std::string_view token);

}  // namespace annals::cli
