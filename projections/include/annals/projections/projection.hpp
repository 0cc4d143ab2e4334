#pragma once
#include <functional>
#include <string>
#include <utility>

#include "annals/projections/handlers.hpp"

namespace annals::projections {

/// How events become a read model: a name, a version, handlers and hooks. A Runner applies it.
///
/// Row by row, for what is small:
///
///     Projection names{"customer_names", 1};
///     names.setup([](auto& tx) { tx.exec("CREATE TABLE IF NOT EXISTS customer_names (…)"); });
///     names.reset([](auto& tx) { tx.exec("TRUNCATE customer_names"); });
///     names.on<Renamed>([](const Renamed& event, pqxx::transaction_base& tx) { …one upsert… });
///
/// By sets, for what must be fast: handlers gather in memory, flush() writes a batch with one statement. What is
/// gathered belongs to the batch: begin() must forget it, because a batch that was rolled back comes again.
///
///     std::map<std::string, std::int64_t> amounts;
///     Projection totals{"totals", 1};
///     totals.begin([&] { amounts.clear(); });
///     totals.on<Paid>([&](const Paid& paid) { amounts[paid.customer()] += paid.cents(); });
///     totals.flush([&](pqxx::transaction_base& tx) {
///       postgres::ArrayLiteral customers, cents;
///       for (const auto& [customer, sum] : amounts) { customers.add(customer); cents.add(std::to_string(sum)); }
///       postgres::PqxxParams rows;
///       rows.text(std::move(customers).finish()).text(std::move(cents).finish());
///       postgres::exec_params(tx, "INSERT INTO totals SELECT * FROM unnest($1::text[], $2::bigint[]) "
///                                 "ON CONFLICT (customer) DO UPDATE SET cents = totals.cents + excluded.cents", rows);
///     });
///
/// Another version is another read model with a checkpoint of its own: give it other tables, let it catch up, then
/// switch the readers.
///
/// Lifecycle      filled once, then borrowed by a Runner.
/// Thread safety  const methods are thread-safe; hooks and handlers run on the Runner's thread.
/// Errors         whatever a handler or hook throws rolls the batch back. They must not end the transaction, nor
///                swallow the failure of a statement: both stop the Runner.
class Projection {
 public:
  using Hook = std::function<void(pqxx::transaction_base&)>;

  /// `name` is a plain identifier, `version` at least 1; together they name the checkpoint.
  explicit Projection(std::string name, int version = 1);

  /// See Handlers.
  template <class E, class F>
  Projection& on(F fn) {
    handlers_.on<E>(std::move(fn));
    return *this;
  }
  template <class F>
  Projection& on_type(std::string type, F fn) {
    handlers_.on_type(std::move(type), std::move(fn));
    return *this;
  }
  template <class F>
  Projection& on_any(F fn) {
    handlers_.on_any(std::move(fn));
    return *this;
  }
  Projection& unhandled(Unhandled what) {
    handlers_.unhandled(what);
    return *this;
  }

  /// Creates what the projection writes to; runs whenever a Runner takes over, so it must be idempotent.
  Projection& setup(Hook hook);
  /// Empties the read model; runs before a replay from zero, in the transaction that sets the checkpoint to zero.
  Projection& reset(Hook hook);
  /// Before the first event of each batch: forget what an earlier batch left in memory.
  Projection& begin(std::function<void()> hook);
  /// After the last event of each batch, before the checkpoint moves.
  Projection& flush(Hook hook);

  struct Hooks {
    Hook setup;
    Hook reset;
    std::function<void()> begin;
    Hook flush;
  };
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] int version() const noexcept { return version_; }
  [[nodiscard]] const EventHandlers& handlers() const noexcept { return handlers_; }
  [[nodiscard]] const Hooks& hooks() const noexcept { return hooks_; }

 private:
  std::string name_;
  int version_;
  EventHandlers handlers_;
  Hooks hooks_;
};

}  // namespace annals::projections
