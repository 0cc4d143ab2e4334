#include "schedule.hpp"

#include <fmt/format.h>

namespace annals::tests {

Schedule::Schedule(ReaderKind kind) : database_(TempDatabase::Schema::none) {
  create_log(database_.database());
  reader_ = make_reader(kind, database_.database());
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
  return run(name, fmt::format("INSERT INTO public.log (stream, version) VALUES ('{}', {})", stream, version));
}

Schedule& Schedule::read() {
  reader_->poll(delivered_);
  return *this;
}

Verdict Schedule::finish() {
  // Nothing is open any more: two polls reach the end (the first may prove a hole, the second reads on).
  read();
  read();
  return judge(committed_rows(database_.database()), delivered_);
}

}  // namespace annals::tests
