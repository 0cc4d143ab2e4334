#include "relay/crew/crew.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "annals/core/quote.hpp"
#include "annals/postgres/connection.hpp"
#include "relay/crew/thread_start.hpp"
#include "relay/database.hpp"

namespace annals::relayd {
namespace {

using std::chrono::milliseconds;
using Look = outbox::ShardBoard::Look;

/// Between two looks at the others: how long a shard is free before it is tried. With a single one all stand by for it anyway.
constexpr milliseconds look_every{200};
constexpr milliseconds look_every_alone{1'000};
/// After the session of the board was lost.
constexpr milliseconds look_again{250};

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? std::string{name.data()} : std::string{"?"};
}

}  // namespace

struct Crew::Worker {
  std::shared_ptr<Unit> unit;
  std::stop_source stop = {};
  bool ended = false;
  host::ExitCode code = host::ExitCode::ok;
  std::jthread thread = {};
};

Crew::Crew(postgres::MessageLog log, Parts parts)
    : log_(std::move(log)),
      parts_(std::move(parts)),
      shards_(log_.relation.empty() ? 1 : parts_.config.group.shards),  // a slot has one reader
      reloads_(parts_.reloads.load()) {}
Crew::~Crew() = default;

host::ExitCode Crew::run(const std::stop_token& stop) {
  // A single one need not know of the others to begin.
  if (shards_ == 1) hire(1, Wish::hold);
  while (!stop.stop_requested() && !done()) {
    try {
      watch(stop);
      break;  // it is over for all
    } catch (const std::exception& error) {
      // The sources say what is wrong with the database, and how to end.
      parts_.log.write_limited(workers_.size() > 1 ? host::Level::warn : host::Level::debug, "other processes unknown",
                               {{"source", log_.name}, {"reason", error.what()}});
      if (workers_.empty()) hire(shards_, Wish::hold);
      pause(stop, look_again);
    }
  }
  dismiss(Dismissal::for_good);
  return code_;
}

void Crew::watch(const std::stop_token& stop) {
  postgres::Connection connection{database_of(parts_.config)};
  outbox::ShardBoard board{connection, log_, parts_.config.relay.name, shards_,
                           outbox::Instance{.id = parts_.instance, .host = host_name(), .pid = getpid()}};
  if (looks_on()) {
    // It takes what it gets and leaves soon: the others need not make room.
    follow(board.take_stock());
    while (!stop.stop_requested() && !done()) pause(stop, look_every_alone);
    return;
  }
  while (!stop.stop_requested() && !done()) {
    follow(board.look());
    pause(stop, workers_.size() > 1 ? look_every : look_every_alone);
  }
  for (const auto& worker : workers_) worker->stop.request_stop();
  try {
    board.leave();          // while they drain: who is to have the shards is there when they are free
  } catch (const Error&) {  // its session is gone, and with it the lock: the others remove its row
  }
  dismiss(Dismissal::for_good);
}

void Crew::follow(const Look& look) {
  if (workers_.size() != look.shards.size()) {
    dismiss(Dismissal::for_others);
    say_configured(look.shards.size());
    hire(look.shards.size(), Wish::leave);
  }
  const auto reloads = parts_.reloads.load();
  const bool mended = std::exchange(reloads_, reloads) != reloads && !looks_on();
  const auto wishes = looks_on() ? std::vector<Wish>(workers_.size(), Wish::hold) : allot(look, holdings());
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    auto& worker = *workers_[i];
    worker.unit->seat.set_wish(wishes[i]);
    bool ended = false;
    {
      const std::lock_guard lock{mutex_};
      ended = worker.ended;
    }
    // What halted it does not keep it from retiring, and an operator may have mended it.
    if (ended && (wishes[i] == Wish::retire || mended)) begin(worker);
  }
}

std::vector<Holding> Crew::holdings() {
  const std::lock_guard lock{mutex_};
  std::vector<Holding> mine;
  mine.reserve(workers_.size());
  for (const auto& worker : workers_) {
    mine.push_back({.owned = worker->unit->seat.owned(), .halted = worker->ended, .wish = worker->unit->seat.wish()});
  }
  return mine;
}

/// The row in the database has the say: two processes with different configurations would undo each other's work.
void Crew::say_configured(std::size_t shards) {
  if (shards == shards_ || said_) return;
  said_ = true;
  parts_.log.write(host::Level::warn, "relay.shards is not the number of shards that there are",
                   {{"source", log_.name},
                    {"configured", std::to_string(shards_)},
                    {"shards", std::to_string(shards)},
                    {"hint", fmt::format("`annals relay shards {} --log {} --set N{}` changes it",
                                         quote_shell(parts_.config.relay.name), quote_shell(log_.name),
                                         postgres::schema_option(log_.schema))}});
}

void Crew::hire(std::size_t shards, Wish wish) {
  for (std::size_t index = 1; index <= shards; ++index) {
    const outbox::Shard shard{.index = index, .count = shards};
    auto unit = std::make_shared<Unit>();
    unit->log = log_.name;
    unit->relay = outbox::shard_name(parts_.config.relay.name, shard);
    unit->shard = shard;
    unit->health = std::make_shared<SourceHealth>(outbox::shard_name(log_.name, shard), parts_.clock.steady());
    unit->metrics = &parts_.metrics.add_source(
        {.database = parts_.config.database.name, .relay = unit->relay, .source = log_.name});
    unit->seat.set_wish(wish);
    parts_.units.add(unit);
    auto& worker = *workers_.emplace_back(std::make_unique<Worker>());
    worker.unit = std::move(unit);
    begin(worker);
  }
}

void Crew::begin(Worker& worker) {
  if (worker.thread.joinable()) worker.thread.join();
  worker.ended = false;
  const bool started = start_thread(worker.thread, parts_.log, [this, &worker] {
    const auto& unit = *worker.unit;
    Source source{log_,
                  {.config = parts_.config,
                   .mode = parts_.mode,
                   .open_sink = parts_.open_sink,
                   .limits = parts_.limits,
                   .clock = parts_.clock,
                   .log = parts_.log,
                   .health = *unit.health,
                   .metrics = *unit.metrics,
                   .seat = worker.unit->seat,
                   .relay = unit.relay,
                   .shard = unit.shard,
                   .instance = parts_.instance}};
    const auto code = source.run(worker.stop.get_token());
    const std::lock_guard lock{mutex_};
    worker.code = code;
    worker.ended = true;
    changed_.notify_all();
  });
  if (started) return;
  worker.code = host::ExitCode::unavailable;
  worker.ended = true;
}

/// All leave at the same time, each in good order.
void Crew::dismiss(Dismissal how) {
  for (const auto& worker : workers_) worker->stop.request_stop();
  for (const auto& worker : workers_) {
    if (worker->thread.joinable()) worker->thread.join();
    if (how == Dismissal::for_good) {
      code_ = host::worse(code_, worker->code);
    } else {
      worker->unit->metrics->retire();
      parts_.units.remove(worker->unit);
    }
  }
  workers_.clear();
}

/// Nothing can go on any more: a single one that has ended, or all of several.
bool Crew::done() {
  const std::lock_guard lock{mutex_};
  return !workers_.empty() && std::ranges::all_of(workers_, [](const auto& worker) { return worker->ended; });
}

void Crew::pause(const std::stop_token& stop, milliseconds wait) {
  std::unique_lock lock{mutex_};
  const auto ended = [this] {
    return std::ranges::count_if(workers_, [](const auto& worker) { return worker->ended; });
  };
  const auto before = ended();
  changed_.wait_for(lock, stop, wait, [&] { return ended() != before; });
}

}  // namespace annals::relayd
