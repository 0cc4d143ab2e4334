#include "schedule.hpp"

#include <fmt/format.h>

namespace annals::tests {

Schedule::Schedule(ReaderKind kind, LogKind log)
    : log_(log), database_(log == LogKind::plain ? TempDatabase::Schema::none : TempDatabase::Schema::applied) {
  if (log == LogKind::plain) {
    create_log(database_.database());
  } else {
    database_.add_tables({"test", {{1, "other", "CREATE TABLE public.other (x int);"}}});
  }
  reader_ = make_reader(kind, database_.database(), log);
}

postgres::Connection& Schedule::session(const std::string& name) {
  auto& connection = sessions_[name];
  if (!connection) connection = std::make_unique<postgres::Connection>(database_.database());
  return *connection;
}

Schedule& Schedule::run(const std::string& name, const std::string& sql) {
  session(name).execute(sql);
  return *this;
}

Schedule& Schedule::begin_append(const std::string& name, const std::string& stream, int version) {
  return run(name, "BEGIN").append(name, stream, version);
}

Schedule& Schedule::append(const std::string& name, const std::string& stream, int version) {
  return run(name, insert_sql(log_, stream, version));
}

Schedule& Schedule::jump_to(int position) {
  postgres::Connection{database_.superuser()}.query(
      fmt::format("SELECT setval(pg_get_serial_sequence('{}', 'position'), {})", relation(log_), position));
  return *this;
}

Schedule& Schedule::read() {
  reader_->poll(delivered_);
  return *this;
}

Verdict Schedule::finish() {
  // Nothing is open any more: two polls reach the end (the first may prove a hole, the second reads on).
  read();
  read();
  return judge(committed_rows(database_.database(), log_), delivered_);
}

}  // namespace annals::tests
