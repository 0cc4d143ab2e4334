// Message sources that break one clause of the contract each; contract_control_test.cpp expects the suite to notice.
#include "annals/testing/memory_message_source.hpp"
#include "annals/testing/message_source_contract.hpp"

namespace annals::testing {
namespace {

enum class Fault {
  reverses,        // gives a batch backwards
  positions,       // counts positions in place of tickets
  repeats,         // a cursor that gives its own message again
  one_too_far,     // a cursor that passes the next message
  passes_open,     // goes on past a transaction that is still open, for good
  guesses_end,     // takes the end for final
  trusts_anybody,  // takes the cursor of another history
  finds_next,      // finds another message
  never_wakes,     // never says that reading is worth it
  ignores_start,   // begins at the beginning, whatever it is told
};

class BreakingMessageSource final : public outbox::MessageSource {
 public:
  BreakingMessageSource(MemoryMessageLog& log, std::int64_t open, std::size_t batch_max, Fault fault)
      : log_(log), fault_(fault), open_(open), source_(log, batch_max) {}

  outbox::Cursor first(const outbox::Start& start, std::chrono::milliseconds wait_max) override {
    if (fault_ == Fault::ignores_start) return source_.first({}, wait_max);
    if (fault_ == Fault::guesses_end) {
      return source_.first({.at = outbox::Start::At::position, .position = 1'000'000}, wait_max);
    }
    return source_.first(start, wait_max);
  }
  void start(const outbox::Cursor& after) override {
    if (fault_ == Fault::trusts_anybody) {
      try {
        source_.start(after);
      } catch (const Error&) {
        source_.start(source_.first({}, std::chrono::milliseconds{0}));
      }
      return;
    }
    source_.start(after);
  }
  State read() override {
    if (fault_ == Fault::passes_open && open_ != 0) log_.roll_back(open_);
    return source_.read();
  }
  std::size_t size() const noexcept override { return source_.size(); }
  void decode(std::size_t index, outbox::MessageView& view) const override {
    if (fault_ == Fault::reverses) {
      const auto ticket = [&] {
        source_.decode(index, view);
        return view.ticket;
      }();
      source_.decode(source_.size() - 1 - index, view);
      view.ticket = ticket;
      return;
    }
    source_.decode(index, view);
    if (fault_ == Fault::positions) view.ticket = view.position;
  }
  outbox::Cursor cursor(std::int64_t ticket) const override {
    if (fault_ == Fault::repeats && ticket > 0) return source_.cursor(ticket - 1);
    if (fault_ == Fault::one_too_far && (ticket == 2 || ticket == 5)) return source_.cursor(ticket + 1);
    return source_.cursor(ticket);
  }
  Place place(std::int64_t ticket) const override {
    return source_.place(fault_ == Fault::positions ? std::min<std::int64_t>(ticket, 2) : ticket);
  }
  bool find(std::int64_t ticket, outbox::MessageView& view) override {
    return source_.find(fault_ == Fault::finds_next ? ticket + 1 : ticket, view);
  }
  void forget(std::int64_t ticket) override { source_.forget(ticket); }
  void acknowledge(const outbox::Cursor& cursor) override { source_.acknowledge(cursor); }
  bool wait(std::chrono::milliseconds wait_max) override {
    return fault_ != Fault::never_wakes && source_.wait(wait_max);
  }
  void rest() override {}
  const std::vector<postgres::Blocker>& blockers() override { return source_.blockers(); }

 private:
  MemoryMessageLog& log_;
  Fault fault_;
  std::int64_t open_;
  MemoryMessageSource source_;
};

class BreakingMessageSourceHarness final : public MessageSourceHarness {
 public:
  explicit BreakingMessageSourceHarness(Fault fault) : fault_(fault) {}
  void write(const std::string& payload) override { log_.append({"t", "k", payload}); }
  void write_open(const std::string& payload) override { open_ = log_.append_open({"t", "k", payload}); }
  void end_open(bool commit) override {
    if (fault_ == Fault::passes_open) return;  // it is too late
    commit ? log_.commit(open_) : log_.roll_back(open_);
  }
  std::unique_ptr<outbox::MessageSource> make_source(std::size_t batch_max) override {
    return std::make_unique<BreakingMessageSource>(log_, open_, batch_max, fault_);
  }
  void change_history() override { log_.change_history("2"); }

 private:
  Fault fault_;
  MemoryMessageLog log_;
  std::int64_t open_ = 0;
};

MessageSourceAdapter adapter(std::string name, Fault fault) {
  return {std::move(name), [fault] { return std::make_unique<BreakingMessageSourceHarness>(fault); },
          std::chrono::milliseconds{200}};
}

INSTANTIATE_TEST_SUITE_P(
    Broken, MessageSourceContract,
    ::testing::Values(adapter("reverses", Fault::reverses), adapter("positions", Fault::positions),
                      adapter("repeats", Fault::repeats), adapter("one_too_far", Fault::one_too_far),
                      adapter("passes_open", Fault::passes_open), adapter("guesses_end", Fault::guesses_end),
                      adapter("trusts_anybody", Fault::trusts_anybody), adapter("finds_next", Fault::finds_next),
                      adapter("never_wakes", Fault::never_wakes), adapter("ignores_start", Fault::ignores_start)),
    [](const auto& adapter) { return adapter.param.name; });

}  // namespace
}  // namespace annals::testing
