#pragma once
#include <any>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <typeindex>
#include <unordered_map>

#include "annals/core/codec.hpp"
#include "annals/core/event.hpp"

namespace annals {

/// Maps stable type names to C++ types and their codecs.
///
/// Lifecycle      filled by main() at start, then only read; there is no static registration.
/// Thread safety  const methods are thread-safe; add() and alias() are not.
/// Errors         add() and alias() throw Error{invalid} on a name or type registered twice; encode() throws
///                Error{invalid} for a C++ type that is not registered; decode() throws Error{invalid} for an unknown
///                type name and Error{corrupt} for bytes the codec refuses.
class TypeRegistry {
 public:
  /// `name` is written with every event and must never change; give renamed types an alias.
  template <class T>
  void add(std::string name, Codec<T> codec);
  /// Events stored under `old_name` are read as `current_name` from now on.
  void alias(std::string old_name, std::string_view current_name);

  /// A new event (fresh id, no metadata) that carries `value`.
  template <class T>
  [[nodiscard]] NewEvent encode(const T& value) const;
  template <class T>
  [[nodiscard]] T decode(const RecordedEvent& event) const {
    return decode<T>(event.type, event.content_type, event.data);
  }
  template <class T>
  [[nodiscard]] T decode(std::string_view type, ContentType content_type, std::string_view data) const;

  /// The name that T is written under.
  template <class T>
  [[nodiscard]] const std::string& name_of() const {
    return entry_for(typeid(T)).name;
  }
  /// The current name for `name`: itself, or what it is an alias of.
  [[nodiscard]] std::string_view resolve(std::string_view name) const noexcept;
  [[nodiscard]] bool knows(std::string_view name) const noexcept;

 private:
  struct Entry {
    std::string name;
    std::type_index type;
    std::any codec;  // Codec<T>
  };

  void insert(Entry entry);
  [[nodiscard]] const Entry& entry_for(const std::type_info& type) const;
  [[nodiscard]] const Entry& entry_for(std::string_view name, const std::type_info& wanted) const;

  std::map<std::string, Entry, std::less<>> by_name_;
  std::unordered_map<std::type_index, std::string> by_type_;
  std::map<std::string, std::string, std::less<>> aliases_;
};

template <class T>
void TypeRegistry::add(std::string name, Codec<T> codec) {
  insert(Entry{std::move(name), typeid(T), std::any{std::move(codec)}});
}

template <class T>
NewEvent TypeRegistry::encode(const T& value) const {
  const auto& entry = entry_for(typeid(T));
  const auto& codec = *std::any_cast<Codec<T>>(&entry.codec);
  return NewEvent{.type = entry.name, .data = codec.encode(value), .content_type = codec.content_type};
}

template <class T>
T TypeRegistry::decode(std::string_view type, ContentType content_type, std::string_view data) const {
  const auto& entry = entry_for(type, typeid(T));
  return std::any_cast<Codec<T>>(&entry.codec)->decode(content_type, data);
}

}  // namespace annals
