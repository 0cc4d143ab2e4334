#include "relay/own/own_outbox_section.hpp"

#include <gmock/gmock.h>

#include "relay/settings/config_loader.hpp"
#include "relay/settings/toml_file.hpp"

namespace annals::relayd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

FileContents read(const std::string& text) { return parse_toml(text, "relay.toml"); }

TEST(OwnOutboxSection, TakesTheLayoutAndWhatIsSaidOtherwise) {
  const auto contents = read(
      "[[own_outbox]]\nkey = \"customer\"\ntable = \"shop.outboxevent\"\nlayout = \"debezium\"\nposition = \"seq\"\n"
      "headers = \"jsonb_build_object('tenant', tenant)\"\ncontent_type = \"application/protobuf\"\n");
  ASSERT_THAT(contents.problems, IsEmpty());
  ASSERT_EQ(contents.own_outboxes.size(), 1U);
  const auto& own = contents.own_outboxes[0];
  EXPECT_EQ(own.table, "shop.outboxevent");
  EXPECT_EQ(own.key, "customer");
  EXPECT_EQ(own.topic, "'outbox.event.' || aggregatetype");
  EXPECT_EQ(own.position, "seq");
  EXPECT_EQ(own.content_type, ContentType::protobuf);
  EXPECT_THAT(to_string(own), HasSubstr("shop.outboxevent position=seq id=id topic='"));
}

TEST(OwnOutboxSection, SaysWhatIsWrongAndWhere) {
  const auto says = [](const std::string& text, const std::string& what) {
    EXPECT_THAT(read(text).problems, ElementsAre(AllOf(HasSubstr("relay.toml:"), HasSubstr(what), HasSubstr("Hint: "))))
        << text;
  };
  const std::string whole = "[[own_outbox]]\ntable = \"a.b\"\nlayout = \"debezium\"\n";
  says("own_outbox = 1\n", "is not a list of sections");
  says(whole + "tpoic = \"x\"\n", "did you mean topic?");
  says(whole + "topic = 1\n", "is not a text");
  says(whole + "topic = \"a, b\"\n", "comma outside of brackets");
  says(whole + "content_type = \"json\"\n", "application/json");
  says("[[own_outbox]]\ntable = \"a.b\"\nlayout = \"avro\"\n", "none of its values");
  says("[[own_outbox]]\ntable = \"a.b\"\n", "topic of a.b is missing");
  says("[[own_outbox]]\nlayout = \"debezium\"\n", "give schema.table");
}

TEST(OwnOutboxSection, IsASourceOfItsTablesName) {
  const auto loaded = [](const std::string& sources, const std::string& source) {
    ConfigInputs inputs{
        .file = {}, .environment = {}, .flags = {{"database.uri", "postgresql://"}, {"relay.sink", "stdout"}}};
    inputs.flags.emplace_back("relay.sources", sources);
    inputs.flags.emplace_back("relay.source", source);
    return load_config(inputs).problems;
  };
  EXPECT_THAT(loaded("outbox", "table"), IsEmpty());
  EXPECT_THAT(loaded("shop.outboxevent", "table"), ElementsAre(HasSubstr("\"shop.outboxevent\" is not a source")));
}

}  // namespace
}  // namespace annals::relayd
