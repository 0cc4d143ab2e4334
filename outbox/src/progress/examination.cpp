// Where to go on, when the message that was published last is not in this database. A database that was restored, or a
// standby that was promoted too early, holds a beginning of the history in which that message was written, and what was
// written since, at the same positions perhaps. The place where the two part is recorded nowhere, and who goes on above it
// passes over rows that nobody has published. So only a place that is known to be in both is offered: the one of the row in
// relay_checkpoints, which came with this database, if its own message came, too; and else the beginning. What lies between
// that place and the parting is published again: a repetition, which consumers know by its id, never a loss.
#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <utility>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"
#include "annals/outbox/progress/examination.hpp"
#include "annals/postgres/cluster_identity.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/postgres/sql_text.hpp"
#include "annals_outbox_sql.hpp"
#include "log/log_name.hpp"
#include "log/table_cursor.hpp"
#include "progress/broker_record.hpp"
#include "progress/checkpoint_row.hpp"
#include "wal/wal_cursor.hpp"

namespace annals::outbox {

using postgres::Connection;
using postgres::MessageLog;
using postgres::Params;
using Place = MessageSource::Place;
using Say = Agreement::Say;

namespace {

class Examination {
 public:
  Examination(Connection& connection, const MessageLog& log, std::string relay)
      : connection_(connection), log_(log), relay_(std::move(relay)) {}

  CheckpointExamination run(const ReadRecord& read_record);

 private:
  void ask_broker(const ReadRecord& read_record);
  void compare_cluster();
  void compare_message();
  void choose();
  void choose_for_log();
  void offer_elsewhere();
  void offer_common_place();
  [[nodiscard]] bool is_here(const Place& place);
  void add(std::string about, bool agrees, std::string detail) {
    result_.findings.push_back({std::move(about), agrees, std::move(detail)});
  }
  void offer(std::string effect, std::int64_t position) {
    result_.choices.push_back({std::move(effect), adopt_command(relay_, name_of(log_), position)});
  }

  Connection& connection_;
  const MessageLog& log_;
  std::string relay_;
  TableCursor row_;
  TableCursor checkpoint_;  // what has the say
  std::optional<Say> say_;  // of an exactly-once relay whose broker was asked
  bool same_cluster_ = true;
  bool same_timeline_ = true;
  bool message_is_there_ = true;
  CheckpointExamination result_;
};

CheckpointExamination Examination::run(const ReadRecord& read_record) {
  const auto row = find_checkpoint(connection_, log_, relay_);
  if (!row) {
    throw invalid(fmt::format("relay \"{}\" has no checkpoint on {}", printable(relay_), log_.name),
                  "see `annals relay status` for the names there are");
  }
  row_ = row->cursor;
  checkpoint_ = row_;
  if (row->status.exactly_once) ask_broker(read_record);
  compare_cluster();
  if (log_.relation.empty()) {
    choose_for_log();
  } else {
    compare_message();
    choose();
  }
  return std::move(result_);
}

void Examination::ask_broker(const ReadRecord& read_record) {
  if (!read_record) {
    add("broker", true, "has the say, and was not asked: the relay may be further than the row");
    return;
  }
  const auto row = connection_.query(postgres::render(sql::relay_tie, log_), Params{}.text(relay_).text(log_.name));
  if (row.empty()) return;  // another relay has taken the say from the broker meanwhile
  const CheckpointStore::Tie tie{
      .transactional_id = row.uuid(0, 0), .generation = row.uuid(0, 1), .in_broker = row.boolean(0, 2)};
  const auto id = transactional_id_of(tie);
  const auto position = checkpoint_.place().position;
  auto agreement = agree(tie, checkpoint_.encode(), read_record(id));
  say_ = agreement.say;
  if (say_ == Say::lost) add("broker", false, fmt::format("{} has no record there, and had one", id));
  if (say_ == Say::gone_back) {
    add("broker", false, fmt::format("the record of {} is behind the row, which is at {}", id, position));
  }
  if (say_ == Say::row) add("broker", true, fmt::format("{} has no record that counts: the row does", id));
  if (say_ == Say::broker) {
    checkpoint_ = table_cursor_of(agreement.cursor);
    add("broker", true,
        fmt::format("the record of {} is at {}, the row at {}", id, checkpoint_.place().position, position));
  }
}

void Examination::compare_cluster() {
  const auto here = postgres::read_cluster_identity(connection_);
  const auto& then = checkpoint_.cluster;
  same_cluster_ = here.system_identifier == then.system_identifier;
  same_timeline_ = same_cluster_ && here.timeline == then.timeline;
  add("cluster", same_cluster_,
      same_cluster_ ? here.system_identifier
                    : fmt::format("was {}, this is {}", printable(then.system_identifier), here.system_identifier));
  if (!same_cluster_) return;
  add("timeline", same_timeline_,
      same_timeline_ ? here.timeline : fmt::format("was {}, this is {}", printable(then.timeline), here.timeline));
}

bool Examination::is_here(const Place& place) {
  if (place.position == 0) return true;
  const auto row = connection_.query(postgres::render(sql::message_at, log_), Params{}.bigint(place.position));
  return !row.empty() && row.uuid(0, 0) == place.id;
}

void Examination::compare_message() {
  const auto last = checkpoint_.published.top_place();
  const auto at = last.position > 0 && is_here(checkpoint_.place()) ? last : checkpoint_.place();
  message_is_there_ = is_here(at);
  const auto end = connection_.query(postgres::render(sql::log_end, log_)).bigint(0, 0);
  const auto published = at.position == 0
                             ? std::string{"nothing was published yet"}
                             : fmt::format("{} was published last, from position {}, where it {}", at.id.to_string(),
                                           at.position, message_is_there_ ? "is" : "is not");
  add("message", message_is_there_, fmt::format("{}; {} ends at {}", published, log_.name, end));
}

void Examination::choose() {
  const auto position = checkpoint_.place().position;
  if (!message_is_there_) {
    offer_elsewhere();
    offer_common_place();
  } else if (!same_cluster_ || !same_timeline_) {
    if (!same_cluster_) offer_elsewhere();
    offer(fmt::format("if this database goes on: nothing that was published up to {} is missing here; {}", position,
                      say_ == Say::broker && checkpoint_.published.ranges() == 0
                          ? "nothing is published twice"
                          : "what was published in the last moments before may be published again"),
          position);
  } else if (say_ == Say::lost || say_ == Say::gone_back) {
    result_.choices.push_back(
        {"if the relay published to other brokers: give it, and this command, the right ones", {}});
    offer(fmt::format("if the record is lost: what was published beyond {} is published again", position), position);
  }
}

/// Of a log that is in no table: what its slot does not have is not to be had.
void Examination::choose_for_log() {
  const CheckpointExamination::Choice anew{
      "if this database goes on without the slot: begin with what changes from now on, and load the tables anew",
      forget_command(relay_, name_of(log_))};
  if (!same_cluster_) {
    offer_elsewhere();
    result_.choices.push_back(anew);
  } else if (!same_timeline_) {
    result_.choices.push_back(
        {"if this database goes on, and the slot was failed over with it: relay.accept_timeline names its timeline",
         {}});
    result_.choices.push_back(anew);
  } else if (say_ == Say::lost || say_ == Say::gone_back) {
    result_.choices.push_back(
        {"if the relay published to other brokers: give it, and this command, the right ones", {}});
    result_.choices.push_back(
        {fmt::format(
             "if the record is lost: run the relay once with --delivery at-least-once, which publishes again what "
             "was published beyond {}",
             checkpoint_.place().position),
         {}});
  }
}

void Examination::offer_elsewhere() {
  result_.choices.push_back(
      {"if the relay published from another database: give it, and this command, the right one", {}});
}

void Examination::offer_common_place() {
  const auto& row = row_.place();
  const auto common = is_here(row) ? row.position : 0;
  offer(fmt::format("if this database goes on: consumers have messages that are missing here, and correcting that is "
                    "theirs and yours. {} is the last place that is known to be in both histories: everything after it "
                    "is published, some of it again. Name a higher position only if you know that every row up to it "
                    "was published",
                    common),
        common);
}

}  // namespace

CheckpointExamination examine_checkpoint(Connection& connection, const MessageLog& log, const std::string& relay,
                                         const ReadRecord& read_record) {
  return Examination{connection, log, relay}.run(read_record);
}

}  // namespace annals::outbox
