#include "relay/registry/schema_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "annals/core/error.hpp"
#include "annals/core/event_id.hpp"

namespace annals::relayd {
namespace {

class SchemaFolderTest : public ::testing::Test {
 protected:
  SchemaFolderTest() { std::filesystem::create_directories(path_); }
  ~SchemaFolderTest() override { std::filesystem::remove_all(path_); }
  void write(const std::string& name, const std::string& text) const { std::ofstream{path_ / name} << text; }
  std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("annals-folder-" + EventId::generate().to_string());
};

TEST_F(SchemaFolderTest, HasASchemaOfEachKind) {
  for (const auto* name : {"t.proto", "t.json", "t.avsc", "README.md"}) write(name, name);
  const SchemaFolder folder{path_.string()};
  EXPECT_EQ(*folder.find("t", ContentType::protobuf), "t.proto");
  EXPECT_EQ(*folder.find("t", ContentType::json), "t.json");
  EXPECT_EQ(*folder.find("t", ContentType::octet_stream), "t.avsc");
  EXPECT_EQ(folder.find("u", ContentType::json), nullptr);
  EXPECT_EQ(folder.find("../t", ContentType::json), nullptr);
}

TEST_F(SchemaFolderTest, RefusesWhatItCannotRead) {
  EXPECT_THROW(SchemaFolder{(path_ / "none").string()}, Error);
  write("empty.json", "");
  EXPECT_THROW(SchemaFolder{path_.string()}, Error);
  write("empty.json", std::string((1U << 20U) + 1, 'x'));
  EXPECT_THROW(SchemaFolder{path_.string()}, Error);
}

}  // namespace
}  // namespace annals::relayd
