#include "log_readers.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <thread>

#include "annals/postgres/ordered_tail.hpp"

namespace annals::tests {
namespace {

using postgres::Connection;
using postgres::Database;
using postgres::Params;
using postgres::Result;

LogRow log_row(const Result& rows, int row) { return {rows.bigint(row, 0), rows.text(row, 1), rows.bigint(row, 2)}; }

class OrderedTailReader final : public LogReader {
 public:
  explicit OrderedTailReader(const Database& database)
      : connection_(database),
        tail_(connection_, postgres::log_table("public.log", "SELECT l.position, l.stream, l.version FROM public.log l",
                                               "l.position")) {}

  void poll(std::vector<LogRow>& delivered) override {
    while (read() == postgres::OrderedTail::State::rows) {
      for (std::size_t i = 0; i < batch_.size(); ++i) {
        auto row = batch_.row(i);
        last_ = row.bigint();
        std::string stream{row.bytes()};
        delivered.push_back({last_, std::move(stream), row.bigint()});
      }
    }
  }

 private:
  /// Looks as often as there is a point in it: whoever is still in the way then is really there.
  postgres::OrderedTail::State read() {
    auto state = tail_.read(last_, batch_);
    for (int looks = 0; state == postgres::OrderedTail::State::blocked && looks < 2; ++looks) {
      std::this_thread::sleep_for(tail_.retry_after());
      state = tail_.read(last_, batch_);
    }
    return state;
  }
  Connection connection_;
  postgres::OrderedTail tail_;
  postgres::RowBatch batch_;
  std::int64_t last_ = 0;
};

class BookmarkReader final : public LogReader {
 public:
  BookmarkReader(const Database& database, std::string condition)
      : connection_(database),
        sql_("SELECT position, stream, version FROM public.log WHERE position > $1::bigint" + std::move(condition) +
             " ORDER BY position") {}

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

std::unique_ptr<LogReader> make_reader(ReaderKind kind, const Database& database) {
  switch (kind) {
    case ReaderKind::ordered_tail: return std::make_unique<OrderedTailReader>(database);
    case ReaderKind::last_position: return std::make_unique<BookmarkReader>(database, "");
    case ReaderKind::position_below_horizon:
      return std::make_unique<BookmarkReader>(database, " AND xid < pg_snapshot_xmin(pg_current_snapshot())");
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

std::vector<LogRow> committed_rows(const Database& database) {
  Connection connection{database};
  const auto rows = connection.query("SELECT position, stream, version FROM public.log ORDER BY position");
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
