#include "store_test.hpp"

using namespace annals;
using namespace annals::eventstore;
using testing::HasSubstr;

namespace {

class EventStoreImport : public StoreTest {
 protected:
  ImportReport import(const std::vector<ImportedEvent>& events) {
    return postgres::transact(*pool_, [&](pqxx::work& tx) { return store_.import(tx, events); });
  }
  static ImportedEvent imported(const std::string& stream, const std::string& data,
                                std::optional<std::int64_t> version = std::nullopt) {
    ImportedEvent out{.stream = StreamName{stream}, .event = event("t", data)};
    if (version) out.version = StreamVersion{*version};
    return out;
  }
};

}  // namespace

TEST_F(EventStoreImport, KeepsTheOrderAcrossStreams) {
  const auto report = import({imported("b", "0"), imported("a", "1"), imported("b", "2"), imported("a", "3")});
  EXPECT_EQ(report.imported, 4U);
  std::string order;
  store_.read_all(GlobalPosition{}, [&](const RecordedEvent& event) {
    order += event.stream.str() + std::to_string(event.version.value()) + event.data + " ";
    return true;
  });
  EXPECT_EQ(order, "b10 a11 b22 a23 ");
}

TEST_F(EventStoreImport, GoesOnBehindWhatIsThere) {
  (void)store_.append(StreamName{"a"}, ExpectedVersion::any(), events(2));
  EXPECT_EQ(import({imported("a", "x"), imported("a", "y")}).imported, 2U);
  EXPECT_EQ(store_.head(StreamName{"a"}), StreamVersion{4});
}

TEST_F(EventStoreImport, LeavesWhatIsThereAlready) {
  const std::vector<ImportedEvent> file{imported("a", "1", 1), imported("b", "1", 1), imported("a", "2", 2)};
  EXPECT_EQ(import(file).imported, 3U);
  auto longer = file;
  longer.push_back(imported("a", "3", 3));
  const auto report = import(longer);
  EXPECT_EQ(report.imported, 1U);
  EXPECT_EQ(report.already_present, 3U);
  EXPECT_EQ(count("events"), 4);
}

TEST_F(EventStoreImport, RefusesAVersionThatDoesNotFit) {
  EXPECT_THAT(error_of([&] { import({imported("a", "1", 2)}); }).what(), HasSubstr("wants version 2 of stream \"a\""));
  import({imported("a", "1", 1)});
  EXPECT_THAT(error_of([&] { import({imported("a", "other", 1)}); }).what(), HasSubstr("at version 1"));
  EXPECT_EQ(count("events"), 1);
}

TEST_F(EventStoreImport, RefusesOtherContentUnderAnIdThatIsThere) {
  auto line = imported("a", "amount 1", 1);
  import({line});
  line.event.data = "amount 2";
  EXPECT_EQ(error_of([&] { import({line}); }).kind(), ErrorKind::invalid);
  EXPECT_EQ(store_.read_stream(StreamName{"a"}).at(0).data, "amount 1");
}

TEST_F(EventStoreImport, IsAllOrNothing) {
  auto bad = imported("b", "2");
  bad.event.type.clear();
  EXPECT_EQ(error_of([&] { import({imported("a", "1"), bad}); }).kind(), ErrorKind::invalid);
  EXPECT_EQ(count("events"), 0);
}
