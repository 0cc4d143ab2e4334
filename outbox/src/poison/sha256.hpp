#pragma once
#include <string>
#include <string_view>

namespace annals::outbox {

/// SHA-256 (FIPS 180-4) of some bytes, in 64 hexadecimal digits. Says whether something arrived as it was written; not for secrets: it
/// takes as long as the bytes let it.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

}  // namespace annals::outbox
