#include "log_readers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <thread>

#include "annals/eventstore/event_tail.hpp"
#include "annals/outbox/message_log.hpp"
#include "annals/postgres/ordered_tail.hpp"

namespace annals::tests {
namespace {

using postgres::Connection;
using postgres::Database;
using postgres::Params;
using postgres::Result;

LogRow log_row(const Result& rows, int row) { return {rows.bigint(row, 0), rows.text(row, 1), rows.bigint(row, 2)}; }

/// Looks as often as there is a point in it: whoever is still in the way then is really there.
template <class Tail, class Read>
auto read_patiently(const Tail& tail, Read read) {
  auto state = read();
  for (int looks = 0; state == Tail::State::blocked && looks < 2; ++looks) {
    std::this_thread::sleep_for(tail.retry_after());
    state = read();
  }
  return state;
}

/// What a log is to readers: the real ones are as their module names them, but for the columns.
postgres::LogTable table_of(LogKind log) {
  if (log == LogKind::plain) {
    return postgres::log_table("public.log", "SELECT l.position, l.stream, l.version FROM public.log l", "l.position");
  }
  auto table = postgres::log_table(outbox::message_log("annals"));
  table.select = "SELECT o.position, o.key, convert_from(o.payload, 'UTF8')::bigint FROM annals.outbox o";
  return table;
}

/// Position, stream and version of the rows of a log, to be restricted and ordered.
std::string rows_sql(LogKind log) {
  switch (log) {
    case LogKind::plain: return "SELECT position, stream, version FROM public.log";
    case LogKind::events:
      return "SELECT position, name, e.version FROM annals.events e JOIN annals.streams USING (stream_id)";
    case LogKind::outbox: return "SELECT position, key, convert_from(payload, 'UTF8')::bigint FROM annals.outbox";
  }
  return "";
}

class EventTailReader final : public LogReader {
 public:
  explicit EventTailReader(const Database& database) : tail_(database) {}

  void poll(std::vector<LogRow>& delivered) override {
    while (read_patiently(tail_, [&] { return read(delivered); }) == eventstore::EventTail::State::rows) {
    }
  }

 private:
  eventstore::EventTail::State read(std::vector<LogRow>& delivered) {
    const auto batch = tail_.read(last_, 1000);
    for (const auto& event : batch) {
      last_ = event.position;
      delivered.push_back({last_.value(), event.stream.str(), event.version.value()});
    }
    return batch.state();
  }
  eventstore::EventTail tail_;
  GlobalPosition last_;
};

class OrderedTailReader final : public LogReader {
 public:
  OrderedTailReader(const Database& database, LogKind log) : connection_(database), tail_(connection_, table_of(log)) {}

  void poll(std::vector<LogRow>& delivered) override {
    while (read_patiently(tail_, [&] { return tail_.read(last_, batch_); }) == postgres::OrderedTail::State::rows) {
      for (std::size_t i = 0; i < batch_.size(); ++i) {
        auto row = batch_.row(i);
        last_ = row.bigint();
        std::string stream{row.bytes()};
        delivered.push_back({last_, std::move(stream), row.bigint()});
      }
    }
  }

 private:
  Connection connection_;
  postgres::OrderedTail tail_;
  postgres::RowBatch batch_;
  std::int64_t last_ = 0;
};

class BookmarkReader final : public LogReader {
 public:
  BookmarkReader(const Database& database, LogKind log, const std::string& condition)
      : connection_(database),
        sql_(rows_sql(log) + " WHERE position > $1::bigint" + condition + " ORDER BY position") {}

  void poll(std::vector<LogRow>& delivered) override {
    const auto rows = connection_.query(sql_, Params{}.bigint(last_));
    for (int row = 0; row < rows.rows(); ++row) {
      delivered.push_back(log_row(rows, row));
      last_ = delivered.back().position;
    }
  }

 private:
  Connection connection_;
  std::string sql_;
  std::int64_t last_ = 0;
};

class XidOrderReader final : public LogReader {
 public:
  explicit XidOrderReader(const Database& database) : connection_(database) {}

  void poll(std::vector<LogRow>& delivered) override {
    const auto rows = connection_.query(
        "SELECT position, stream, version, xid::text FROM public.log"
        " WHERE (xid, position) > ($1::text::xid8, $2::bigint) AND xid < pg_snapshot_xmin(pg_current_snapshot())"
        " ORDER BY xid, position",
        Params{}.text(xid_).bigint(position_));
    for (int row = 0; row < rows.rows(); ++row) {
      delivered.push_back(log_row(rows, row));
      position_ = delivered.back().position;
      xid_ = rows.text(row, 3);
    }
  }

 private:
  Connection connection_;
  std::string xid_ = "0";
  std::int64_t position_ = 0;
};

}  // namespace

std::string to_string(ReaderKind kind) {
  switch (kind) {
    case ReaderKind::ordered_tail: return "ordered_tail";
    case ReaderKind::last_position: return "last_position";
    case ReaderKind::position_below_horizon: return "position_below_horizon";
    case ReaderKind::xid_order: return "xid_order";
  }
  return "?";
}

std::string to_string(LogKind log) {
  switch (log) {
    case LogKind::plain: return "plain";
    case LogKind::events: return "events";
    case LogKind::outbox: return "outbox";
  }
  return "?";
}

std::string relation(LogKind log) {
  switch (log) {
    case LogKind::plain: return "public.log";
    case LogKind::events: return "annals.events";
    case LogKind::outbox: return "annals.outbox";
  }
  return "?";
}

std::string insert_sql(LogKind log, const std::string& stream, int version) {
  switch (log) {
    case LogKind::plain:
      return fmt::format("INSERT INTO public.log (stream, version) VALUES ('{}', {})", stream, version);
    case LogKind::events:
      return fmt::format(
          "WITH head AS (INSERT INTO annals.streams (version, name) VALUES ({1}, '{0}')"
          " ON CONFLICT (name) DO UPDATE SET version = EXCLUDED.version RETURNING stream_id)"
          " INSERT INTO annals.events (stream_id, version, event_id, content_type, type, data)"
          " SELECT stream_id, {1}, gen_random_uuid(), 1, 'T', '1' FROM head",
          stream, version);
    case LogKind::outbox:
      return fmt::format(
          "INSERT INTO annals.outbox (message_id, topic, key, type, content_type, payload)"
          " VALUES (gen_random_uuid(), 't', '{}', 'T', 1, '{}')",
          stream, version);
  }
  return "";
}

std::unique_ptr<LogReader> make_reader(ReaderKind kind, const Database& database, LogKind log) {
  switch (kind) {
    case ReaderKind::ordered_tail:
      if (log == LogKind::events) return std::make_unique<EventTailReader>(database);
      return std::make_unique<OrderedTailReader>(database, log);
    case ReaderKind::last_position: return std::make_unique<BookmarkReader>(database, log, "");
    case ReaderKind::position_below_horizon:
      return std::make_unique<BookmarkReader>(database, log, " AND xid < pg_snapshot_xmin(pg_current_snapshot())");
    case ReaderKind::xid_order: return std::make_unique<XidOrderReader>(database);
  }
  return nullptr;
}

void create_log(const Database& database) {
  Connection{database}.execute(
      "CREATE TABLE public.log (position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, stream text NOT NULL,"
      " version bigint NOT NULL, xid xid8 NOT NULL DEFAULT pg_current_xact_id());"
      "CREATE TABLE public.other (x int)");
}

std::vector<LogRow> committed_rows(const Database& database, LogKind log) {
  Connection connection{database};
  const auto rows = connection.query(rows_sql(log) + " ORDER BY position");
  std::vector<LogRow> committed;
  for (int row = 0; row < rows.rows(); ++row) committed.push_back(log_row(rows, row));
  return committed;
}

Verdict judge(const std::vector<LogRow>& committed, const std::vector<LogRow>& delivered) {
  Verdict verdict;
  std::map<std::int64_t, int> seen;
  std::map<std::string, std::int64_t> last_version;
  for (const auto& row : delivered) {
    if (++seen[row.position] > 1) ++verdict.duplicated;
    auto& last = last_version[row.stream];
    if (row.version < last) ++verdict.inverted;
    last = std::max(last, row.version);
  }
  for (const auto& row : committed) verdict.lost += seen.erase(row.position) == 0 ? 1 : 0;
  verdict.invented = seen.size();
  return verdict;
}

}  // namespace annals::tests
