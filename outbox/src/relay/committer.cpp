#include "relay/committer.hpp"

#include <fmt/format.h>

#include <vector>

#include "annals/core/error.hpp"
#include "annals/core/text.hpp"

namespace annals::outbox {

using std::chrono::milliseconds;
using Commit = Destination::Commit;
using CommitRule = Destination::CommitRule;
using Move = MessageSource::Move;

namespace {

Error unknown_name(const std::string& relay, const std::string& log, const std::vector<std::string>& others) {
  std::string names;
  for (const auto& other : others) names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", printable(other));
  return invalid(
      fmt::format("relay \"{}\" is new to {}, which others publish already: {}", printable(relay), log, names),
      "use the name of the one that is to go on; or, if this is another one, say where it starts: beginning, end or a "
      "position");
}

}  // namespace

void Committer::start() {
  parts_.source.start(open());
  position_ = parts_.source.watermark(0);
  parts_.parking.start(position_, opened_note_);
  schedule_.start(parts_.clock.steady());
}

Cursor Committer::open() {
  const auto& options = parts_.options;
  const auto checkpoint = parts_.destination.open();
  opened_note_ = checkpoint.note;
  if (!checkpoint.cursor.empty()) return checkpoint.cursor;
  if (!options.start && !checkpoint.others.empty()) throw unknown_name(options.name, parts_.log, checkpoint.others);
  auto cursor = parts_.source.first(options.start.value_or(Start{}), options.start_timeout);
  if (parts_.destination.commit(cursor) == Commit::committed) return cursor;
  throw Error{ErrorKind::disconnected,
              fmt::format("relay \"{}\" could not record where it starts", printable(options.name)),
              {.hint = "another relay of this name may have started at the same moment: try again"}};
}

milliseconds Committer::until_due(bool quiet) const {
  return holding_ ? milliseconds{0} : schedule_.until_due(quiet, parts_.clock.steady());
}

bool Committer::may_commit() const {
  if (parts_.destination.commit_rule() == CommitRule::any_prefix) return true;
  return parts_.publisher.in_flight() == 0 && !aside_;
}

void Committer::hold_when_due(bool at_hand) {
  if (parts_.destination.commit_rule() == CommitRule::any_prefix) return;
  const bool anything = has_unsaved() || parts_.publisher.in_flight() > 0;
  holding_ = holding_ || (anything && (!at_hand || until_due(false) == milliseconds{0}));
}

void Committer::commit_when_due(bool quiet) {
  const bool due = has_unsaved() ? until_due(quiet) == milliseconds{0} : quiet && parts_.source.moved(Move::due);
  if (due && may_commit()) commit();
}

void Committer::commit_rest() {
  if (has_unsaved() && may_commit()) commit();
}

void Committer::commit_move() {
  if (parts_.destination.commit_rule() != CommitRule::any_prefix || parts_.publisher.in_flight() > 0) return;
  if (parts_.source.moved(Move::any)) commit();
}

void Committer::commit_rest_after_failure() {
  const bool whole =
      parts_.destination.commit_rule() == CommitRule::any_prefix || (!parts_.publisher.failed() && !aside_);
  if (whole) commit_rest();
}

void Committer::commit() {
  parts_.parking.write();
  at("checkpoint");
  const auto ticket = parts_.publisher.acknowledged();
  const auto cursor = parts_.source.cursor(ticket);
  const auto outcome = parts_.destination.commit(cursor, note_);
  if (outcome == Commit::fenced) {
    throw Error{ErrorKind::disconnected,
                fmt::format("another relay \"{}\" has taken {} over, or the broker took this one for dead",
                            printable(parts_.options.name), parts_.log),
                {.hint = "a new one stands by; nothing is lost"}};
  }
  if (outcome != Commit::committed) {
    const auto reason = parts_.destination.reason();
    throw Error{
        ErrorKind::failed,
        fmt::format("the checkpoint of relay \"{}\" on {} was {}{}{}", printable(parts_.options.name), parts_.log,
                    outcome == Commit::aborted ? "not committed" : "sent, and whether it is committed is unknown",
                    reason.empty() ? "" : ": ", reason),
        {.hint = "a new relay goes on from what is committed", .retryable = true}};
  }
  parts_.source.acknowledge(cursor);
  holding_ = false;
  note_.clear();
  committed_ = ticket;
  position_ = parts_.source.watermark(ticket);
  parts_.parking.forget(position_);
  schedule_.saved(parts_.clock.steady());
  at("checkpointed");
}

}  // namespace annals::outbox
