#include "runner/dispatcher.hpp"

#include <fmt/format.h>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/error.hpp"

namespace annals::projections {

template <class Input>
Dispatcher<Input>::Dispatcher(const Handlers<Input>& handlers, const TypeRegistry& types)
    : handlers_(handlers), types_(types) {
  for (const auto& entry : handlers.typed()) by_type_[entry.type(types)].push_back(&entry.apply);
}

template <class Input>
bool Dispatcher<Input>::apply(const Input& input, pqxx::transaction_base* tx) const {
  const auto found = by_type_.find(types_.resolve(input.type));
  const bool handled = found != by_type_.end();
  if (!handled && handlers_.unhandled() == Unhandled::fail) {
    throw invalid(fmt::format("type \"{}\" has no handler", printable(input.type)),
                  "add one, or let unhandled types be skipped");
  }
  if (handled) {
    for (const auto* handler : found->second) (*handler)(types_, input, tx);
  }
  for (const auto& handler : handlers_.any()) handler(types_, input, tx);
  return handled || !handlers_.any().empty();
}

template class Dispatcher<RecordedEvent>;
template class Dispatcher<IncomingMessage>;

void rethrow_at(const std::string& where) {
  try {
    postgres::rethrow_pqxx(where);
  } catch (const Error& error) {
    if (error.message().starts_with(where)) throw;  // it was libpqxx's
    throw Error{error.kind(),
                fmt::format("{}: {}", where, error.message()),
                {.hint = error.hint(), .sqlstate = error.sqlstate(), .retryable = error.retryable()}};
  } catch (const std::exception& error) {
    throw Error{
        ErrorKind::failed,
        fmt::format("{}: {}", where, error.what()),
        {.hint = "mend the handler or the data; nothing took effect and the batch is repeated", .sqlstate = {}}};
  }
}

}  // namespace annals::projections
