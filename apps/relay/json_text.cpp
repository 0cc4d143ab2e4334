#include "json_text.hpp"

#include <nlohmann/json.hpp>

namespace annals::relayd {

void append_json_string(std::string& out, std::string_view text) {
  using json = nlohmann::json;
  out += json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

void append_base64(std::string& out, std::string_view bytes) {
  static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) {
      return at < bytes.size() ? static_cast<unsigned>(static_cast<unsigned char>(bytes[at])) : 0U;
    };
    const unsigned group = byte(i) << 16U | byte(i + 1) << 8U | byte(i + 2);
    out += digits[group >> 18U];
    out += digits[group >> 12U & 63U];
    out += i + 1 < bytes.size() ? digits[group >> 6U & 63U] : '=';
    out += i + 2 < bytes.size() ? digits[group & 63U] : '=';
  }
}

bool is_json(std::string_view text) { return nlohmann::json::accept(text); }

}  // namespace annals::relayd
