#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "log_readers.hpp"
#include "support/temp_database.hpp"

namespace annals::tests {

/// Runs statements of several sessions in a written order against one reader, as PostgreSQL's isolation tester does.
class Schedule {
 public:
  explicit Schedule(ReaderKind kind, LogKind log = LogKind::plain);

  /// Runs `sql` in the session of that name, which is opened on first use.
  Schedule& run(const std::string& session, const std::string& sql);
  /// BEGIN, and one row appended.
  Schedule& begin_append(const std::string& session, const std::string& stream, int version);
  Schedule& append(const std::string& session, const std::string& stream, int version);
  Schedule& commit(const std::string& session) { return run(session, "COMMIT"); }
  Schedule& rollback(const std::string& session) { return run(session, "ROLLBACK"); }
  /// The next position is the one after this, as a crash of the server leaves it.
  Schedule& jump_to(int position);
  /// The reader takes what it thinks it may.
  Schedule& read();

  [[nodiscard]] const std::vector<LogRow>& delivered() const noexcept { return delivered_; }
  /// Lets the reader finish, and judges it.
  [[nodiscard]] Verdict finish();

 private:
  postgres::Connection& session(const std::string& name);

  LogKind log_;
  TempDatabase database_;
  std::map<std::string, std::unique_ptr<postgres::Connection>> sessions_;
  std::unique_ptr<LogReader> reader_;
  std::vector<LogRow> delivered_;
};

}  // namespace annals::tests
