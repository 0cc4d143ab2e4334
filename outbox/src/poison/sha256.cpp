#include "poison/sha256.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/evp.h>

#include <array>

#include "annals/core/error.hpp"

namespace annals::outbox {

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, 32> digest{};
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    throw Error{
        ErrorKind::not_ready,
        "OpenSSL has no SHA-256 for this process",
        {.hint = "let its configuration (openssl.cnf, OPENSSL_CONF) load a provider that has it: default or fips"}};
  }
  return fmt::format("{:02x}", fmt::join(digest, ""));
}

}  // namespace annals::outbox
