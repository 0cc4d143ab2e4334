#include "relay/settings/capture_section.hpp"

#include <gmock/gmock.h>

namespace annals::relayd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Read {
  outbox::Capture capture;
  std::vector<std::string> faults;
};

Read read(std::string_view text) {
  const auto table = toml::parse(text);
  Read out;
  const Objector object = [&](const auto& /*where*/, auto what, auto hint) {
    out.faults.push_back(std::string{what} + ". " + std::string{hint});
  };
  out.capture = read_capture(table, object);
  return out;
}

TEST(CaptureSection, TakesWhatIsThere) {
  const auto [capture, faults] = read(R"(table = "shop.orders"
topic = "t"
key = ["a", "b"]
operations = ["insert", "truncate"]
type = "x"
tombstones = false
before = true
include = ["c"]
exclude = ["d"])");
  EXPECT_THAT(faults, IsEmpty());
  EXPECT_EQ(capture,
            (outbox::Capture{.table = "shop.orders",
                             .topic = "t",
                             .key = {"a", "b"},
                             .operations = {.inserts = true, .updates = false, .deletes = false, .truncates = true},
                             .type = "x",
                             .tombstones = false,
                             .before = true,
                             .include = {"c"},
                             .exclude = {"d"}}));
  EXPECT_EQ(to_string(capture),
            "shop.orders=t key=a,b operations=insert,truncate type=x tombstones=false before=true include=c exclude=d");
}

TEST(CaptureSection, ObjectsToWhatItDoesNotUnderstand) {
  const auto [capture, faults] = read(R"(tabel = "a.b"
topic = 5
key = "id"
operations = ["upsert"]
before = "yes")");
  EXPECT_THAT(faults,
              ElementsAre("capture.before is neither true nor false. write true or false, without quotes",
                          "capture.key is not a list of texts. write [\"one\", \"another\"]",
                          "capture.operations has \"upsert\", which is none. use insert, update, delete and truncate",
                          "capture.tabel is not a setting. did you mean table?",
                          "capture.topic is not a text. write it in quotes, or leave it out"));
}

}  // namespace
}  // namespace annals::relayd
