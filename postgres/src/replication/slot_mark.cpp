#include "replication/slot_mark.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "annals/core/assert.hpp"
#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/postgres/params.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_postgres_sql.hpp"
#include "session/session_settings.hpp"
#include "session/socket_wait.hpp"
#include "values/wire.hpp"

namespace annals::postgres {

using std::chrono::steady_clock;

namespace {

/// Of COPY's binary form: signature, flags, length of an extension.
constexpr std::size_t copy_header = wire::copy_signature.size() + 2 * sizeof(std::int32_t);
/// Of a row of one column: how many there are, and how long the value is.
constexpr std::size_t row_header = sizeof(std::int16_t) + sizeof(std::int32_t);

/// The value in a row of COPY; empty for what stands before the first row and behind the last one.
std::string_view value_of(std::string_view data) {
  if (data.starts_with(wire::copy_signature)) data.remove_prefix(std::min(copy_header, data.size()));
  if (data.size() <= row_header) return {};
  return data.substr(row_header);
}

}  // namespace

SlotMark::SlotMark(const Database& database, Options options)
    : options_(std::move(options)),
      session_(database),
      name_(fmt::format("{}_m{}", options_.slot, session_.backend_pid())) {
  require_identifier("slot", options_.slot);
  require_identifier("slot", name_);
  require_identifier("publication", options_.publication);
  if (options_.values == ValueForm::text) session_.execute(text_values);
  (void)session_.query(std::string{sql::mine_begin}, Params{}.text(options_.slot).text(name_));
}

void SlotMark::begin(const Batch& batch) {
  ANNALS_ASSERT(is_idle());
  session_.send(render(sql::mine_batch, {{"mark", name_},
                                         {"from", to_string(batch.from)},
                                         {"upto", to_string(batch.upto)},
                                         {"slot", options_.slot},
                                         {"confirmed", to_string(batch.confirmed)},
                                         {"publication", options_.publication},
                                         {"binary", options_.values == ValueForm::binary ? ", 'binary', 'true'" : ""},
                                         {"messages", options_.messages ? ", 'messages', 'true'" : ""}}));
  reading_ = true;
  expect_answer(steady_clock::now());
}

std::optional<ChangeFeed::Change> SlotMark::next(steady_clock::time_point now) {
  using State = Connection::Copied::State;
  while (true) {
    auto copied = session_.copied();
    if (copied.state == State::nothing) {
      require_answer(now);
      return std::nullopt;
    }
    if (copied.state == State::end) {
      reading_ = false;
      return std::nullopt;
    }
    heard_at_ = now;
    const auto value = value_of({copied.buffer.get(), copied.size});
    if (!value.empty()) return ChangeFeed::Change{copied.buffer.release(), value};
  }
}

void SlotMark::require_answer(steady_clock::time_point now) const {
  const auto most = patience(session_.database());
  if (now - heard_at_ < most) return;
  throw Error{ErrorKind::disconnected,
              fmt::format("no answer from {} within {} ms", describe(session_.database()), most.count()),
              {.hint = "the server, or what stands between, is stopped or overloaded", .retryable = true}};
}

}  // namespace annals::postgres
