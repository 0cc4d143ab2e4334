#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

namespace annals::relayd {

/// Where the message of this full name stands in the text of a .proto file: its place among the messages of the file, and for a
/// nested one below that its place there, as a schema registry's readers count (neither groups nor the entries of maps count). Empty:
/// it is not there, or the text is no such file. Takes time and memory in proportion to the text, whatever it holds.
[[nodiscard]] std::vector<std::int32_t> message_indexes(std::string_view proto, std::string_view full_name);

}  // namespace annals::relayd
