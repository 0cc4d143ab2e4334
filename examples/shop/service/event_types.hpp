#pragma once
#include <variant>

#include "annals/core/error.hpp"
#include "annals/core/type_registry.hpp"

namespace shop {

/// Every event of shop.v1 under its Protobuf name.
[[nodiscard]] annals::TypeRegistry event_types();

namespace detail {
template <class Variant, std::size_t Index = 0>
Variant decode_as(const annals::TypeRegistry& types, const annals::RecordedEvent& event) {
  if constexpr (Index == std::variant_size_v<Variant>) {
    throw annals::Error{annals::ErrorKind::corrupt, "stream " + event.stream.str() + " has an alien " + event.type};
  } else {
    using Candidate = std::variant_alternative_t<Index, Variant>;
    if (types.resolve(event.type) == types.name_of<Candidate>()) return types.decode<Candidate>(event);
    return decode_as<Variant, Index + 1>(types, event);
  }
}
}  // namespace detail

/// The recorded event as whichever alternative of `Variant` it is.
template <class Variant>
[[nodiscard]] Variant decode_as(const annals::TypeRegistry& types, const annals::RecordedEvent& event) {
  return detail::decode_as<Variant>(types, event);
}

}  // namespace shop
