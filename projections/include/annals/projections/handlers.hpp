#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "annals/core/assert.hpp"
#include "annals/core/event.hpp"
#include "annals/core/type_registry.hpp"
#include "annals/projections/source.hpp"

namespace pqxx {
class transaction_base;
}

namespace annals::projections {

/// What to do with a type that no handler names.
enum class Unhandled { skip, fail };

namespace detail {

[[nodiscard]] inline std::string_view data_of(const RecordedEvent& event) noexcept { return event.data; }
[[nodiscard]] inline std::string_view data_of(const IncomingMessage& message) noexcept { return message.payload; }

/// Calls `fn` with as many of (args…, tx) as it takes: all, without the transaction, or the first only.
template <class F, class First, class Input>
void call(const F& fn, const First& first, const Input& input, pqxx::transaction_base* tx) {
  using Tx = pqxx::transaction_base&;
  constexpr bool first_is_input = std::is_same_v<First, Input>;
  if constexpr (std::is_invocable_v<const F&, const First&, const Input&, Tx> && !first_is_input) {
    ANNALS_ASSERT(tx != nullptr);
    fn(first, input, *tx);
  } else if constexpr (std::is_invocable_v<const F&, const First&, const Input&> && !first_is_input) {
    fn(first, input);
  } else if constexpr (std::is_invocable_v<const F&, const First&, Tx>) {
    ANNALS_ASSERT(tx != nullptr);
    fn(first, *tx);
  } else {
    static_assert(std::is_invocable_v<const F&, const First&>,
                  "a handler takes (value), (value, tx), (value, envelope) or (value, envelope, tx)");
    fn(first);
  }
}

}  // namespace detail

/// Which function handles which type of event or message. `Input` is the envelope: RecordedEvent or IncomingMessage.
///
///     MessageHandlers handlers;
///     handlers.on<OrderPaid>([&](const OrderPaid& paid, const IncomingMessage& from, pqxx::transaction_base& tx) {…});
///
/// A handler takes (value), (value, tx), (value, envelope) or (value, envelope, tx). Types are found by their name in
/// the TypeRegistry, aliases included. An event that has a handler and cannot be decoded stops the reader:
/// Error{corrupt}.
///
/// Lifecycle      filled once, then read by a Runner or an Inbox.
/// Thread safety  const methods are thread-safe; handlers are called by whoever steps.
/// Errors         whatever a handler throws rolls the whole batch back.
template <class Input>
class Handlers {
 public:
  /// For each E, decoded. Throws Error{invalid} at the Runner's or Inbox's construction when E is not in the registry.
  template <class E, class F>
  Handlers& on(F fn);
  /// For each `type`, not decoded: takes (envelope) or (envelope, tx). For JSON events without a codec.
  template <class F>
  Handlers& on_type(std::string type, F fn);
  /// For every event, handled or not, after the type's own handlers.
  template <class F>
  Handlers& on_any(F fn);
  /// By default what nobody handles is skipped: a reader seldom cares for every type.
  Handlers& unhandled(Unhandled what) {
    unhandled_ = what;
    return *this;
  }

  using Apply = std::function<void(const TypeRegistry&, const Input&, pqxx::transaction_base*)>;
  struct Entry {
    std::function<std::string(const TypeRegistry&)> type;  ///< its current name
    Apply apply;
  };
  [[nodiscard]] const std::vector<Entry>& typed() const noexcept { return typed_; }
  [[nodiscard]] const std::vector<Apply>& any() const noexcept { return any_; }
  [[nodiscard]] Unhandled unhandled() const noexcept { return unhandled_; }

 private:
  std::vector<Entry> typed_;
  std::vector<Apply> any_;
  Unhandled unhandled_ = Unhandled::skip;
};

using EventHandlers = Handlers<RecordedEvent>;
using MessageHandlers = Handlers<IncomingMessage>;

template <class Input>
template <class E, class F>
Handlers<Input>& Handlers<Input>::on(F fn) {
  typed_.push_back({[](const TypeRegistry& types) { return types.name_of<E>(); },
                    [fn = std::move(fn)](const TypeRegistry& types, const Input& input, pqxx::transaction_base* tx) {
                      const E value = types.decode<E>(input.type, input.content_type, detail::data_of(input));
                      detail::call(fn, value, input, tx);
                    }});
  return *this;
}

template <class Input>
template <class F>
Handlers<Input>& Handlers<Input>::on_type(std::string type, F fn) {
  typed_.push_back({[type = std::move(type)](const TypeRegistry& types) { return std::string{types.resolve(type)}; },
                    [fn = std::move(fn)](const TypeRegistry&, const Input& input, pqxx::transaction_base* tx) {
                      detail::call(fn, input, input, tx);
                    }});
  return *this;
}

template <class Input>
template <class F>
Handlers<Input>& Handlers<Input>::on_any(F fn) {
  any_.push_back([fn = std::move(fn)](const TypeRegistry&, const Input& input, pqxx::transaction_base* tx) {
    detail::call(fn, input, input, tx);
  });
  return *this;
}

}  // namespace annals::projections
