// The relay: who owns a log, and what it is made of.
//
// One relay of a name and log publishes, the others stand by: a session lock. The lock, the reads and the checkpoint go
// through one session, so that whoever loses one loses all. What happens while the log is owned is RelayRun's matter; it
// exists for exactly that long.
#include "annals/outbox/relay.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "admission/shard_plan.hpp"
#include "admission/throttle.hpp"
#include "annals/core/assert.hpp"
#include "annals/core/clock.hpp"
#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/outbox/sink.hpp"
#include "annals/outbox/transactional_sink.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/ownership.hpp"
#include "capture/change_source.hpp"
#include "log/auto_source.hpp"
#include "log/log_name.hpp"
#include "log/table_source.hpp"
#include "poison/claim_check.hpp"
#include "poison/parked_store.hpp"
#include "progress/at_least_once.hpp"
#include "progress/exactly_once.hpp"
#include "relay/relay_run.hpp"
#include "wal/wal_source.hpp"

namespace annals::outbox {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t relay_name_bytes_max = 128;

void require_shard(const RelayOptions& options) {
  require_valid(options.shard);
  if (parse_shard_name(options.name).shard.count > 1) {
    throw invalid(fmt::format("relay \"{}\" is called like a shard of another", printable(options.name)),
                  "give the relay's own name, and the shard beside it");
  }
  if (options.shard.count > 1 && options.read_from == ReadFrom::wal) {
    throw invalid(fmt::format("relay \"{}\" has {} shards and reads the write-ahead log", printable(options.name),
                              options.shard.count),
                  "a slot has one reader: use source = \"table\", or one shard (annals relay shards NAME --set 1)");
  }
}

/// The changes of tables are in no table that could be read instead, or by parts.
void require_captures(const RelayOptions& options, const postgres::MessageLog& log) {
  const auto relay = printable(options.name);
  require_valid(options.captures);
  const bool of_changes = log.relation.empty();
  if (of_changes == options.captures.empty()) {
    throw of_changes
        ? invalid(fmt::format("relay \"{}\" has no captures for {}", relay, log.name), "say which tables are captured")
        : invalid(fmt::format("relay \"{}\" has captures, but {} is no log of changes", relay, log.name),
                  "remove the captures, or relay the changes");
  }
  if (of_changes && (options.read_from != ReadFrom::wal || options.shard.count > 1)) {
    throw invalid(
        fmt::format("relay \"{}\" is to read {} from a table, or in shards", relay, log.name),
        "they are in the write-ahead log alone, and a slot has one reader: use source = \"wal\" and one shard");
  }
}

/// With the name of the shard for the relay's.
RelayOptions checked(RelayOptions options, const postgres::MessageLog& log) {
  require_text("relay name", options.name, relay_name_bytes_max);
  require_shard(options);
  options.name = shard_name(options.name, options.shard);
  if (options.batch_rows_max == 0 || options.batch_bytes_max == 0 || options.in_flight_max == 0) {
    throw invalid(fmt::format("relay \"{}\" has a limit of 0", printable(options.name)),
                  "every limit of RelayOptions is at least 1");
  }
  require_captures(options, log);
  if (log.names_topics && !options.routes.empty()) {
    throw invalid(
        fmt::format("relay \"{}\" has routes, but messages of {} name their topic", printable(options.name), log.name),
        "remove the routes, or relay the events");
  }
  if (!log.names_topics && options.routes.empty()) {
    throw invalid(fmt::format("relay \"{}\" has no routes for {}", printable(options.name), log.name),
                  "add a route, for instance category \"*\"");
  }
  if (log.publication.empty() && options.read_from != ReadFrom::table) {
    throw invalid(fmt::format("relay \"{}\" is to read {} from the write-ahead log, and nothing publishes it there",
                              printable(options.name), log.name),
                  "read it as a table: source = \"table\"");
  }
  (void)Throttle{options.rate_limits};
  require_valid(options.on_poison);
  require_valid(options.claim_checks);
  (void)Admission{options, {}};  // routes and topics are found out to be wrong now, not when the log is owned
  return options;
}

/// What a source must know beside the options.
struct Run {
  ShardPlan plan;
  bool may_repeat = true;  ///< what was published may be published again
};

std::unique_ptr<MessageSource> make_source(postgres::Connection& session, Clock& clock, const postgres::MessageLog& log,
                                           const RelayOptions& options, const Run& run) {
  if (log.relation.empty()) {
    return std::make_unique<ChangeSource>(session, clock, log,
                                          ChangeSource::Options{.relay = options.name,
                                                                .accept_timeline = options.accept_timeline,
                                                                .captures = options.captures,
                                                                .rows_max = options.batch_rows_max,
                                                                .bytes_max = options.batch_bytes_max,
                                                                .poll_interval = options.poll_interval,
                                                                .feed = {.mine_from_bytes = options.mine_from_bytes,
                                                                         .batch_bytes = options.mine_batch_bytes}});
  }
  auto filter = shard_filter(log, options.shard, run.plan.came_from);
  if (options.read_from == ReadFrom::wal && filter) {
    throw Error{ErrorKind::failed,
                fmt::format("relay \"{}\" is not past the last change of its shards", printable(options.name)),
                {.hint = "run it with source = \"table\" until it has caught up", .retryable = true}};
  }
  const WalSource::Options of_log{
      .relay = options.name,
      .accept_timeline = options.accept_timeline,
      .rows_max = options.batch_rows_max,
      .bytes_max = options.batch_bytes_max,
      .poll_interval = options.poll_interval,
      .feed = {.mine_from_bytes = options.mine_from_bytes, .batch_bytes = options.mine_batch_bytes}};
  const TableSource::Options of_table{.relay = options.name,
                                      .accept_timeline = options.accept_timeline,
                                      .rows_max = options.batch_rows_max,
                                      .bytes_max = options.batch_bytes_max,
                                      .poll_interval = options.poll_interval,
                                      .may_repeat = run.may_repeat,
                                      .filter = filter};
  // A slot has one reader; and a place in the log is none that other shards could go on from.
  const bool retires = options.read_from == ReadFrom::automatic && run.plan.wanted != run.plan.count;
  if (filter || retires) return std::make_unique<TableSource>(session, clock, log, of_table);
  switch (options.read_from) {
    case ReadFrom::table: return std::make_unique<TableSource>(session, clock, log, of_table);
    case ReadFrom::wal: return std::make_unique<WalSource>(session, clock, log, of_log);
    case ReadFrom::automatic: break;
  }
  return std::make_unique<AutoSource>(
      session, clock, log, AutoSource::Options{.table = of_table, .wal = of_log, .retry_min = options.log_retry});
}

}  // namespace

struct Relay::Impl {
  Impl(const postgres::Database& database, postgres::MessageLog log_in, Clock& clock_in, RelayOptions options_in)
      : log(std::move(log_in)),
        options(checked(std::move(options_in), log)),
        clock(clock_in),
        session(database),
        lock(session, lock_name_of(log, options.name)) {}

  void publish_to(Sink& sink) {
    destination = std::make_unique<AtLeastOnceDestination>(sink, session, log, options.name);
  }
  void publish_to(TransactionalSink& sink) {
    destination = std::make_unique<ExactlyOnceDestination>(
        ExactlyOnceDestination::Parts{
            .sink = sink, .connection = session, .clock = clock, .keep_alive = [this] { lock.touch(); }},
        log, options.name);
  }

  [[nodiscard]] bool own();
  StepReport work(milliseconds wait_max);
  StepReport stand_by(milliseconds wait_max);
  enum class Leave { to_others, for_good };
  /// True when nothing was left in flight, and the shard has retired if it leaves for good.
  [[nodiscard]] bool hand_over(milliseconds wait_max, Leave leave);
  [[nodiscard]] bool leave(milliseconds wait_max, Leave how);

  postgres::MessageLog log;
  RelayOptions options;
  Clock& clock;
  postgres::Connection session;
  postgres::Ownership lock;
  std::unique_ptr<Destination> destination;
  std::unique_ptr<MessageSource> source;  // these four while this relay owns the log
  std::optional<ParkedStore> parked;
  std::optional<ClaimCheck> claims;
  std::optional<RelayRun> run;
  std::optional<std::chrono::steady_clock::time_point> asked_at;
  bool finished = false;
};

bool Relay::Impl::own() {
  if (run) {
    lock.touch();
    return true;
  }
  const auto now = clock.steady();
  if (asked_at && now - *asked_at < options.standby_poll) return false;
  asked_at = now;
  if (!lock.try_acquire()) return false;
  const auto plan = require_plan(session, log, parse_shard_name(options.name));
  source = make_source(session, clock, log, options,
                       {.plan = plan, .may_repeat = destination->commit_rule() == Destination::CommitRule::any_prefix});
  parked.emplace(session, log, options.name);
  if (!options.claim_checks.empty()) claims.emplace(session, log, options.claim_checks, clock);
  run.emplace(RelayRun::Parts{.source = *source,
                              .destination = *destination,
                              .clock = clock,
                              .options = options,
                              .log = name_of(log),
                              .admission = Admission{options, read_passed_over(session, log, options.name)},
                              .tenure = {.talk_within = lock.talk_within(), .renew = [this] { lock.touch(); }},
                              .parked = &*parked,
                              .claims = claims ? &*claims : nullptr});
  if (options.instance) record_owner(session, log, options.name, *options.instance);
  return true;
}

StepReport Relay::Impl::work(milliseconds wait_max) {
  auto report = run->step(wait_max);
  report.read_from = options.read_from;
  if (const auto* either = dynamic_cast<const AutoSource*>(source.get())) {
    report.read_from = either->reads_from();
    report.log_fault = either->reason();
  }
  return report;
}

StepReport Relay::Impl::stand_by(milliseconds wait_max) {
  // A sink has more to say than reports on messages (statistics, errors): unheard, that would pile up.
  std::vector<Delivery> none;
  destination->poll(0ms, none);
  const auto left = std::chrono::ceil<milliseconds>(options.standby_poll - (clock.steady() - *asked_at));
  clock.sleep_for(std::clamp(left, 0ms, wait_max));
  return {};
}

bool Relay::Impl::hand_over(milliseconds wait_max, Leave leave) {
  run->drain(wait_max);
  destination->finish();
  const bool whole = run->in_flight() == 0;
  const bool left = leave == Leave::for_good && whole && record_retirement(session, log, options.name);
  lock.release();
  return leave == Leave::for_good ? left : whole;
}

bool Relay::Impl::leave(milliseconds wait_max, Leave how) {
  finished = true;
  try {
    return hand_over(wait_max, how);
  } catch (...) {
    run->leave();
    throw;
  }
}

Relay::Relay(const postgres::Database& database, postgres::MessageLog log, Sink& sink, Clock& clock,
             RelayOptions options)
    : impl_(std::make_unique<Impl>(database, std::move(log), clock, std::move(options))) {
  impl_->publish_to(sink);
}

Relay::Relay(const postgres::Database& database, postgres::MessageLog log, TransactionalSink& sink, Clock& clock,
             RelayOptions options)
    : impl_(std::make_unique<Impl>(database, std::move(log), clock, std::move(options))) {
  impl_->publish_to(sink);
}

Relay::~Relay() = default;

StepReport Relay::step(milliseconds wait_max) {
  ANNALS_ASSERT(!impl_->finished);  // what is in flight is the business of the next one
  wait_max = std::min(wait_max, impl_->lock.talk_within());
  try {
    return impl_->own() ? impl_->work(wait_max) : impl_->stand_by(wait_max);
  } catch (...) {
    impl_->finished = true;
    if (impl_->run) impl_->run->leave();
    throw;
  }
}

std::vector<SetAside> Relay::take_set_aside() {
  return impl_->run ? impl_->run->take_set_aside() : std::vector<SetAside>{};
}

void Relay::limit(std::vector<RateLimit> limits) {
  (void)Throttle{limits};
  impl_->options.rate_limits = std::move(limits);
  if (impl_->run) impl_->run->limit(impl_->options.rate_limits);
}

bool Relay::drain(milliseconds wait_max) {
  auto& run = impl_->run;
  if (impl_->finished || !run) {
    impl_->finished = true;
    return !run || run->in_flight() == 0;
  }
  return impl_->leave(wait_max, Impl::Leave::to_others);
}

bool Relay::retire(milliseconds wait_max) {
  ANNALS_ASSERT(!impl_->finished);
  try {
    if (!impl_->own()) {
      impl_->stand_by(std::min(wait_max, impl_->lock.talk_within()));
      return false;
    }
  } catch (...) {
    impl_->finished = true;
    throw;
  }
  return impl_->leave(wait_max, Impl::Leave::for_good);
}

bool Relay::is_finished() const noexcept { return impl_->finished; }

}  // namespace annals::outbox
