#pragma once
#include <google/protobuf/message.h>

#include <sstream>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <variant>

namespace annals::testing::detail {

[[nodiscard]] std::string describe_message(const google::protobuf::Message& message);
[[nodiscard]] bool same_message(const google::protobuf::Message& left, const google::protobuf::Message& right);
[[nodiscard]] std::string type_name(const std::type_info& type);

template <class T>
inline constexpr bool is_message = std::is_base_of_v<google::protobuf::Message, T>;
template <class T>
inline constexpr bool is_variant = false;
template <class... Ts>
inline constexpr bool is_variant<std::variant<Ts...>> = true;

/// Type and content of an event: Protobuf's text form, or what operator<< writes.
template <class T>
[[nodiscard]] std::string describe(const T& value) {
  if constexpr (is_variant<T>) {
    return std::visit([](const auto& one) { return describe(one); }, value);
  } else if constexpr (is_message<T>) {
    return describe_message(value);
  } else if constexpr (requires(std::ostream & out) { out << value; }) {
    std::ostringstream out;
    out << type_name(typeid(T)) << " {" << value << '}';
    return out.str();
  } else {
    return type_name(typeid(T)) + " {no operator<< to show it}";
  }
}

/// Same type, same content: operator==, or field by field for Protobuf.
template <class T>
[[nodiscard]] bool same(const T& left, const T& right) {
  if constexpr (is_variant<T>) {
    if (left.index() != right.index()) return false;
    return std::visit([&](const auto& one) { return same(one, std::get<std::decay_t<decltype(one)>>(right)); }, left);
  } else if constexpr (is_message<T>) {
    return same_message(left, right);
  } else {
    return left == right;
  }
}

}  // namespace annals::testing::detail
