#pragma once
#include <google/protobuf/message.h>

#include <string>
#include <string_view>

#include "annals/core/codec.hpp"
#include "annals/core/type_registry.hpp"

namespace annals {

namespace detail {
/// Reads Protobuf's binary form or its JSON mapping, by content type; throws Error{corrupt}.
void read_protobuf(google::protobuf::Message& message, ContentType content_type, std::string_view data);
[[nodiscard]] std::string write_protobuf(const google::protobuf::Message& message, ContentType content_type);
[[nodiscard]] std::string protobuf_name(const google::protobuf::Message& message);
}  // namespace detail

/// A codec for the Protobuf message M. It reads the binary form and the JSON mapping whatever it writes.
template <class M>
[[nodiscard]] Codec<M> protobuf_codec(ContentType written = ContentType::protobuf) {
  return {written, [written](const M& message) { return detail::write_protobuf(message, written); },
          [](ContentType content_type, std::string_view data) {
            M message;
            detail::read_protobuf(message, content_type, data);
            return message;
          }};
}

/// Registers M under its Protobuf full name, such as "shop.v1.OrderPlaced".
template <class M>
void add_protobuf(TypeRegistry& types) {
  types.add<M>(detail::protobuf_name(M::default_instance()), protobuf_codec<M>());
}

}  // namespace annals
