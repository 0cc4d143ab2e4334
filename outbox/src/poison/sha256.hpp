#pragma once
#include <string>
#include <string_view>

namespace annals::outbox {

/// SHA-256 of some bytes by OpenSSL, in 64 hexadecimal digits. Throws Error{not_ready} when OpenSSL's configuration does not offer it.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

}  // namespace annals::outbox
