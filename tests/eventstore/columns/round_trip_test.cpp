// Whatever a producer may give comes back the same, by every way in and every way out.
#include <fmt/format.h>

#include <cstdlib>
#include <random>

#include "annals/core/limits.hpp"
#include "annals/eventstore/importer.hpp"
#include "store_test.hpp"

using namespace annals;
using namespace annals::eventstore;

namespace {

/// Events with every shape of metadata, from a seed.
class RandomEvents {
 public:
  explicit RandomEvents(unsigned seed) : random_(seed) {}

  NewEvent next() {
    NewEvent event{.type = text(1 + below(20)),
                   .data = bytes(below(4) == 0 ? 0 : below(300)),
                   .content_type = static_cast<ContentType>(below(3)),
                   .metadata = {.correlation_id = maybe_text(),
                                .causation_id = maybe_text(),
                                .traceparent = maybe_text(),
                                .tracestate = maybe_text()}};
    if (below(3) != 0) event.occurred_at = time();
    const auto headers = below(8) == 0 ? limits::header_count_max : below(4);
    for (std::size_t i = 0; i < headers; ++i) event.metadata.headers.emplace_back("h" + text(below(8)), value());
    return event;
  }
  std::vector<NewEvent> next(std::size_t count) {
    std::vector<NewEvent> events;
    for (std::size_t i = 0; i < count; ++i) events.push_back(next());
    return events;
  }
  std::size_t below(std::size_t bound) { return std::uniform_int_distribution<std::size_t>{0, bound - 1}(random_); }

 private:
  /// Pieces that mean something to one of the forms on the way.
  std::string text(std::size_t pieces) {
    static const std::vector<std::string> all{"a",    "Z",   "\"", "'",  "\\",   "{",  "}",  ",",
                                              ";",    " ",   "\n", "\t", "\x01", "$1", "%s", "NULL",
                                              "null", "\\x", "()", "ü",  "☃",    "𝄞",  "--", "\x7f"};
    std::string out;
    for (std::size_t i = 0; i < pieces; ++i) out += all[below(all.size())];
    return out;
  }
  std::string maybe_text() { return below(2) == 0 ? std::string{} : text(1 + below(10)); }
  std::string value() { return below(20) == 0 ? std::string(limits::header_value_bytes_max, '"') : text(below(12)); }
  std::string bytes(std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += static_cast<char>(below(256));
    return out;
  }
  Timestamp time() {
    switch (below(4)) {
      case 0: return timestamp_min;
      case 1: return timestamp_max;
      default: break;
    }
    const auto range = (timestamp_max - timestamp_min).count();
    return timestamp_min + std::chrono::microseconds{std::uniform_int_distribution<std::int64_t>{0, range}(random_)};
  }
  std::mt19937_64 random_;
};

void expect_same(const NewEvent& given, const RecordedEvent& read, std::string_view way) {
  EXPECT_EQ(read.id, given.id) << way;
  EXPECT_EQ(read.type, given.type) << way;
  EXPECT_EQ(read.content_type, given.content_type) << way;
  EXPECT_EQ(read.data, given.data) << way;
  EXPECT_EQ(read.metadata, given.metadata) << way;
  EXPECT_EQ(read.occurred_at, given.occurred_at) << way;
}

class EventRoundTrip : public StoreTest {
 protected:
  /// A caller whose settings are not ours.
  template <class Work>
  auto in_callers_transaction(Work work) {
    auto connection = pool_->acquire();
    pqxx::work tx{*connection};
    tx.exec("SET LOCAL bytea_output = escape");
    tx.exec("SET LOCAL DateStyle = 'German, DMY'");
    tx.exec("SET LOCAL TimeZone = 'Asia/Kathmandu'");
    tx.exec("SET LOCAL IntervalStyle = sql_standard");
    tx.exec("SET LOCAL extra_float_digits = -15");
    auto result = work(tx);
    tx.commit();
    return result;
  }

  /// Every way in; each keeps the events that it wrote, in the order of its stream.
  void append_every_way(RandomEvents& random) {
    const auto exists = ExpectedVersion::stream_exists();
    const auto many = [&](const StreamName& to) { return given_[to] = random.next(2 + random.below(10)); };
    const auto more = [&](const StreamName& to) { return given_[to].emplace_back(random.next()); };
    const StreamName own{"own"};
    (void)version_of(store_.append(own, ExpectedVersion::no_stream(), many(own)));
    (void)version_of(store_.append(own, exists, {more(own)}));
    const StreamName callers{"callers"};
    in_callers_transaction([&](pqxx::work& tx) {
      (void)version_of(store_.append(tx, callers, ExpectedVersion::no_stream(), many(callers)));
      return version_of(store_.append(tx, callers, exists, {more(callers)}));
    });
    const StreamName imported{"imported"};
    std::vector<ImportedEvent> file;
    for (const auto& event : many(imported)) file.push_back({.stream = imported, .event = event});
    Importer{temp_.as("writer")}.add(file);
  }

  void expect_every_way_out() {
    for (const auto& given : given_) {
      const auto& stream = given.first;  // a binding cannot be captured by clang 14
      const auto& events = given.second;
      const auto own = store_.read_stream(stream);
      const auto callers = in_callers_transaction([&](pqxx::work& tx) { return store_.read_stream(tx, stream); });
      ASSERT_EQ(own.size(), events.size());
      ASSERT_EQ(callers.size(), events.size());
      for (std::size_t i = 0; i < events.size(); ++i) {
        expect_same(events[i], own[i], "binary");
        expect_same(events[i], callers[i], "text");
        EXPECT_EQ(own[i].recorded_at, callers[i].recorded_at);
        EXPECT_EQ(own[i].position, callers[i].position);
        EXPECT_EQ(own[i].version, callers[i].version);
        EXPECT_EQ(own[i].stream, callers[i].stream);
      }
    }
    store_.read_all(GlobalPosition{}, [&](const RecordedEvent& read) {
      const auto& given = given_.at(read.stream)[static_cast<std::size_t>(read.version.value()) - 1];
      expect_same(given, read, "COPY");
      const auto own = store_.read_stream(read.stream, {.from = read.version, .limit = 1}).at(0);
      EXPECT_EQ(read.recorded_at, own.recorded_at);
      EXPECT_EQ(read.position, own.position);
      return true;
    });
  }

  std::map<StreamName, std::vector<NewEvent>> given_;
};

}  // namespace

TEST_F(EventRoundTrip, GivesBackWhatWasGivenByEveryWay) {
  const auto* given_seed = std::getenv("ANNALS_SEED");
  const unsigned seed = given_seed != nullptr ? static_cast<unsigned>(std::atoi(given_seed)) : std::random_device{}();
  SCOPED_TRACE(fmt::format("ANNALS_SEED={}", seed));
  RandomEvents random{seed};
  for (int round = 0; round < 15 && !HasFailure(); ++round) {
    direct_.execute(
        "ALTER TABLE annals.events DISABLE TRIGGER USER; ALTER TABLE annals.streams DISABLE TRIGGER USER;"
        "TRUNCATE annals.events, annals.streams");
    given_.clear();
    append_every_way(random);
    expect_every_way_out();
  }
}

TEST_F(EventRoundTrip, AnAppendMadeAgainIsRecognisedUnderAnySettings) {
  RandomEvents random{7};
  const auto events = random.next(5);
  const auto append = [&] {
    return in_callers_transaction([&](pqxx::work& tx) {
      return std::get<Appended>(store_.append(tx, stream_, ExpectedVersion::no_stream(), events)).already_present;
    });
  };
  EXPECT_FALSE(append());
  EXPECT_TRUE(append());
}
