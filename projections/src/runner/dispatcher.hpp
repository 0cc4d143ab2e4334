#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "annals/projections/handlers.hpp"

namespace annals::projections {

/// Handlers with their names resolved: finds and calls those of one event or message.
///
/// Ownership: borrows handlers and types. Throws Error{invalid} from the constructor when a C++ type is not registered.
template <class Input>
class Dispatcher {
 public:
  Dispatcher(const Handlers<Input>& handlers, const TypeRegistry& types);

  /// Calls the handlers of `input`; returns whether it had one. Without a transaction (in unit tests) handlers that
  /// take one abort. Throws Error{invalid} for a type without a handler when those are to fail, and what handlers
  /// throw.
  bool apply(const Input& input, pqxx::transaction_base* tx) const;

 private:
  using Apply = typename Handlers<Input>::Apply;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };

  const Handlers<Input>& handlers_;
  const TypeRegistry& types_;
  std::unordered_map<std::string, std::vector<const Apply*>, Hash, std::equal_to<>> by_type_;
};

extern template class Dispatcher<RecordedEvent>;
extern template class Dispatcher<IncomingMessage>;

/// Call in a catch block: rethrows as an Error of the same kind whose message begins with `where`. libpqxx's exceptions
/// become what they mean, other exceptions Error{failed}.
[[noreturn]] void rethrow_at(const std::string& where);

}  // namespace annals::projections
