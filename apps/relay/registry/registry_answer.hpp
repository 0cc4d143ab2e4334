#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "relay/remote/http_exchange.hpp"

namespace annals::relayd {

/// What a registry said, in terms of what is to be done about it.
struct RegistryAnswer {
  enum class Kind {
    found,
    missing,  ///< it has no such subject, schema or version, or does not want the schema
    denied,   ///< it does not let us ask, or is no registry: somebody has to mend it
    away,     ///< it did not answer, or could not
  };
  Kind kind = Kind::away;
  std::string reason = {};  ///< unless found

  std::int32_t id = 0;
  std::optional<std::array<std::uint8_t, 16>> guid = std::nullopt;
  std::string type = {};  ///< PROTOBUF, JSON or AVRO, when it says so
  std::string text = {};  ///< the schema, when it says so
};

/// Of the Schema Registry API; whatever the body holds.
[[nodiscard]] RegistryAnswer read_registry_answer(const HttpAnswer& answer);

}  // namespace annals::relayd
