// Sources that break one clause of the contract each; contract_control_test.cpp expects the suite to notice.
#include <algorithm>

#include "annals/testing/memory_source.hpp"
#include "annals/testing/source_contract.hpp"

namespace annals::testing {
namespace {

enum class Fault {
  reverses,
  gives_more,
  forgets_record,
  asks_its_group,
  skips_one,
  records_late,
  ignores_the_end,
  drops_on_failure,
  goes_on_after_failure,
  loses_when_idle,
  cuts_payload
};

class BreakingSource final : public projections::Source {
 public:
  BreakingSource(MemoryLog& log, Fault fault) : log_(log), fault_(fault) {
    if (fault_ == Fault::asks_its_group) next_ = log_.committed("group");
  }

  void commit() override { log_.commit("group", next_); }
  void break_down() { broken_ = true; }

 private:
  void poll(projections::OffsetTable& offsets, std::size_t max, std::chrono::milliseconds,
            std::vector<projections::IncomingMessage>& messages) override {
    if (fault_ == Fault::gives_more) ++max;
    const auto start = start_of(offsets);
    const auto before = next_;
    const auto& all = log_.messages();
    for (; next_ < all.size() && messages.size() < max; ++next_) {
      if (all[next_].offset >= start) messages.push_back(all[next_]);
    }
    spoil(messages);
    if (broken_) fail(messages, before);
  }
  void idle(projections::OffsetTable&) override {
    if (fault_ == Fault::loses_when_idle) ++next_;
  }

  std::int64_t start_of(projections::OffsetTable& offsets) {
    if (fault_ == Fault::forgets_record || fault_ == Fault::asks_its_group) return 0;
    if (fault_ == Fault::records_late) {
      const auto places = offsets.places("memory", "contract");
      return places.empty() ? 0 : places.at(0).next;
    }
    offsets.begin("memory", "contract", {{0, 0}});
    const auto next = offsets.places("memory", "contract").at(0).next;
    if (next > log_.end("contract", 0) && fault_ != Fault::ignores_the_end)
      throw Error{ErrorKind::corrupt, "beyond the end"};
    return fault_ == Fault::skips_one && next > 0 ? next + 1 : next;
  }
  void spoil(std::vector<projections::IncomingMessage>& messages) const {
    if (fault_ == Fault::reverses) std::reverse(messages.begin(), messages.end());
    if (fault_ == Fault::cuts_payload) {
      for (auto& message : messages)
        message.payload.resize(std::min(message.payload.find('\0'), message.payload.size()));
    }
  }
  void fail(std::vector<projections::IncomingMessage>& messages, std::size_t before) {
    if (fault_ == Fault::goes_on_after_failure) return;
    if (fault_ == Fault::drops_on_failure) {
      if (messages.size() > 1) messages.erase(messages.begin());  // the last one is told, so the record covers this one
    } else {
      next_ = before;
      messages.clear();
    }
    throw Error{ErrorKind::failed, "broken"};
  }

  MemoryLog& log_;
  Fault fault_;
  std::size_t next_ = 0;
  bool broken_ = false;
};

class BreakingSourceHarness final : public SourceHarness {
 public:
  explicit BreakingSourceHarness(Fault fault) : fault_(fault) {}
  void feed(const std::vector<FedMessage>& messages) override {
    for (const auto& [key, id, type, payload] : messages) {
      projections::IncomingMessage message;
      message.topic = "contract";
      message.key = key;
      message.id = id;
      message.type = type;
      message.payload = payload;
      log_.append(std::move(message));
    }
  }
  std::unique_ptr<projections::Source> make_source() override { return std::make_unique<BreakingSource>(log_, fault_); }
  bool break_source(projections::Source& source) override {
    dynamic_cast<BreakingSource&>(source).break_down();
    return true;
  }

 private:
  Fault fault_;
  MemoryLog log_;
};

SourceAdapter adapter(std::string name, Fault fault) {
  return {std::move(name), [fault] { return std::make_unique<BreakingSourceHarness>(fault); },
          std::chrono::milliseconds{200}, std::chrono::milliseconds{10}};
}

INSTANTIATE_TEST_SUITE_P(
    Broken, SourceContract,
    ::testing::Values(adapter("reverses", Fault::reverses), adapter("gives_more", Fault::gives_more),
                      adapter("forgets_record", Fault::forgets_record),
                      adapter("asks_its_group", Fault::asks_its_group), adapter("skips_one", Fault::skips_one),
                      adapter("records_late", Fault::records_late), adapter("ignores_the_end", Fault::ignores_the_end),
                      adapter("drops_on_failure", Fault::drops_on_failure),
                      adapter("goes_on_after_failure", Fault::goes_on_after_failure),
                      adapter("loses_when_idle", Fault::loses_when_idle), adapter("cuts_payload", Fault::cuts_payload)),
    [](const auto& adapter) { return adapter.param.name; });

}  // namespace
}  // namespace annals::testing
