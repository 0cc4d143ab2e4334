#include "store_test.hpp"

using namespace annals;
using namespace annals::eventstore;

namespace {

class EventStoreRead : public StoreTest {
 protected:
  std::vector<std::int64_t> versions(ReadStreamOptions options) {
    std::vector<std::int64_t> out;
    for (const auto& event : store_.read_stream(stream_, options)) out.push_back(event.version.value());
    return out;
  }
  std::vector<std::int64_t> positions(GlobalPosition after) {
    std::vector<std::int64_t> out;
    store_.read_all(after, [&](const RecordedEvent& event) {
      out.push_back(event.position.value());
      return true;
    });
    return out;
  }
};

}  // namespace

TEST_F(EventStoreRead, GoesForwardAndBackwardFromAnyVersion) {
  (void)store_.append(stream_, ExpectedVersion::any(), events(5));
  EXPECT_THAT(versions({}), testing::ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(versions({.from = StreamVersion{3}}), testing::ElementsAre(3, 4, 5));
  EXPECT_THAT(versions({.from = StreamVersion{2}, .limit = 2}), testing::ElementsAre(2, 3));
  EXPECT_THAT(versions({.direction = Direction::backward}), testing::ElementsAre(5, 4, 3, 2, 1));
  EXPECT_THAT(versions({.from = StreamVersion{3}, .direction = Direction::backward, .limit = 2}),
              testing::ElementsAre(3, 2));
  EXPECT_THAT(versions({.from = StreamVersion{6}}), testing::IsEmpty());
}

TEST_F(EventStoreRead, FindsNothingWhereThereIsNothing) {
  EXPECT_TRUE(store_.read_stream(StreamName{"none-1"}).empty());
  EXPECT_FALSE(store_.head(StreamName{"none-1"}));
  EXPECT_EQ(store_.read_all(GlobalPosition{}, [](const auto&) { return true; }), GlobalPosition{});
}

TEST_F(EventStoreRead, ReplaysAllStreamsInPositionOrder) {
  for (int i = 0; i < 50; ++i)
    (void)store_.append(StreamName{"s-" + std::to_string(i % 7)}, ExpectedVersion::any(), events(3));
  const auto all = positions(GlobalPosition{});
  ASSERT_EQ(all.size(), 150U);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  EXPECT_EQ(positions(GlobalPosition{140}).size(), 10U);
}

TEST_F(EventStoreRead, StopsWhenTheVisitorHasEnough) {
  (void)store_.append(stream_, ExpectedVersion::any(), events(10));
  int seen = 0;
  const auto reached = store_.read_all(GlobalPosition{}, [&](const auto&) { return ++seen < 4; });
  EXPECT_EQ(seen, 4);
  EXPECT_EQ(reached.value(), 4);
}

TEST_F(EventStoreRead, PassesOverRolledBackAppends) {
  for (int i = 0; i < 20; ++i) {
    auto connection = pool_->acquire();
    pqxx::work tx{*connection};
    (void)store_.append(tx, StreamName{"s-" + std::to_string(i)}, ExpectedVersion::any(), events(2));
    if (i % 3 != 0) tx.commit();
  }
  EXPECT_EQ(positions(GlobalPosition{}).size(), 26U);
}

TEST_F(EventStoreRead, ListsStreamsByPrefixPageByPage) {
  for (const auto* name : {"a-1", "a-2", "b-1", "a%", "b-2"}) {
    (void)store_.append(StreamName{name}, ExpectedVersion::any(), events(2));
  }
  const auto names = [&](std::string_view prefix, std::string_view after, std::size_t limit) {
    std::vector<std::string> out;
    for (const auto& stream : store_.list_streams(prefix, after, limit)) out.push_back(stream.name.str());
    return out;
  };
  EXPECT_THAT(names("", "", 10), testing::ElementsAre("a%", "a-1", "a-2", "b-1", "b-2"));
  EXPECT_THAT(names("a-", "", 10), testing::ElementsAre("a-1", "a-2"));
  EXPECT_THAT(names("a%", "", 10), testing::ElementsAre("a%"));
  EXPECT_THAT(names("", "a-1", 2), testing::ElementsAre("a-2", "b-1"));
  EXPECT_EQ(store_.list_streams("b-1", "", 1).at(0).version, StreamVersion{2});
}
