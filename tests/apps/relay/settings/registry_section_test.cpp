#include "relay/settings/registry_section.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <fstream>

#include "annals/core/error.hpp"
#include "annals/core/event_id.hpp"
#include "relay/settings/config_listing.hpp"
#include "relay/settings/config_loader.hpp"

namespace annals::relayd {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class RegistrySection : public ::testing::Test {
 protected:
  ~RegistrySection() override { std::remove(password_.c_str()); }

  static LoadedConfig load(const std::string& registry, const std::string& encoding = "framing = \"prefix\"") {
    const auto path = ::testing::TempDir() + EventId::generate().to_string() + ".toml";
    std::ofstream{path}
        << "[database]\nuri = \"postgresql://u@localhost/d\"\n[kafka]\nbrokers = \"localhost:9092\"\n[registry]\n"
        << registry << "\n[[encoding]]\n"
        << encoding << "\n";
    auto loaded = load_config({.file = path, .environment = {}, .flags = {}});
    std::remove(path.c_str());
    return loaded;
  }
  /// With a password in a file of this mode.
  LoadedConfig load_with_password(const std::string& url, mode_t mode = 0600,
                                  const std::string& text = "relay:canary-word\n") {
    std::ofstream{password_} << text;
    chmod(password_.c_str(), mode);
    return load("urls = [\"" + url + "\"]\nauth_file = \"" + password_ + "\"");
  }
  const std::string password_ = ::testing::TempDir() + EventId::generate().to_string();
};

TEST_F(RegistrySection, SaysWhereSchemasAre) {
  const auto loaded = load(
      "urls = [\"https://a.example:8081/\", \"http://127.0.0.1:1/apis/ccompat/v7\"]\nca_file = \"/ca\"\n"
      "schemas = \"register\"\nschema_folder = \"/schemas\"\nwait_max_ms = 700");
  EXPECT_THAT(loaded.problems, IsEmpty());
  EXPECT_THAT(loaded.warnings, IsEmpty());
  const auto& registry = loaded.config.registry;
  EXPECT_THAT(registry.urls, ElementsAre("https://a.example:8081", "http://127.0.0.1:1/apis/ccompat/v7"));
  EXPECT_EQ(registry.ca_file, "/ca");
  EXPECT_EQ(registry.schemas, SchemaChoice::registered);
  EXPECT_EQ(registry.wait_max, std::chrono::milliseconds{700});
  EXPECT_THAT(print_config(loaded), HasSubstr("framing=prefix subject=topic"));
}

TEST_F(RegistrySection, AFrameNeedsARegistryAndAFileItsFolder) {
  EXPECT_THAT(load("").problems, ElementsAre(HasSubstr("registry.urls is missing")));
  EXPECT_THAT(load("", "framing = \"off\"").problems, IsEmpty());
  const std::string url = "urls = [\"http://localhost:8081\"]\n";
  EXPECT_THAT(load(url + "schemas = \"file\"").problems, ElementsAre(HasSubstr("do not fit together")));
  EXPECT_THAT(load(url + "schema_folder = \"/s\"").problems, ElementsAre(HasSubstr("do not fit together")));
}

TEST_F(RegistrySection, AnAddressIsHttpAndHoldsNoPassword) {
  for (const auto* url :
       {"registry:8081", "ftp://a", "http://", "http:///a", "http://u:canary@a", "http://a?b", "http://a b"}) {
    const auto problems = load("urls = [\"" + std::string{url} + "\"]").problems;
    ASSERT_THAT(problems, ::testing::Contains(HasSubstr("registry.urls: an address is not http"))) << url;
    for (const auto& problem : problems) EXPECT_THAT(problem, Not(HasSubstr("canary")));
  }
}

TEST_F(RegistrySection, APasswordIsOneLineThatOthersCannotRead) {
  EXPECT_EQ(load_with_password("https://a.example").config.registry.credentials, "relay:canary-word");
  EXPECT_THAT(load_with_password("https://a.example", 0640).problems, IsEmpty());
  EXPECT_THAT(load_with_password("https://a.example", 0604).problems,
              ElementsAre(AllOf(HasSubstr("others may use the file"), HasSubstr("chmod o= " + password_))));
  for (const auto* text : {"", "canary-word", ":canary-word", "a:b\nc"}) {
    EXPECT_THAT(load_with_password("https://a.example", 0600, text).problems,
                ElementsAre(HasSubstr("is not user:password")))
        << text;
  }
  std::remove(password_.c_str());
  EXPECT_THAT(load("urls = [\"https://a\"]\nauth_file = \"" + password_ + "\"").problems,
              ElementsAre(HasSubstr("cannot be read")));
}

TEST_F(RegistrySection, APasswordTravelsInClearToThisMachineOnly) {
  for (const auto* url : {"http://127.0.0.1:8081", "http://localhost/a", "http://[::1]:8081", "https://a.example"}) {
    EXPECT_THAT(load_with_password(url).problems, IsEmpty()) << url;
  }
  for (const auto* url : {"http://a.example:8081", "http://localhost.evil.example", "http://[::2]"}) {
    const auto loaded = load_with_password(url);
    EXPECT_THAT(loaded.problems, ElementsAre(HasSubstr("in clear"))) << url;
  }
  EXPECT_THAT(load("urls = [\"http://a.example\"]").warnings, ElementsAre(HasSubstr("there is no TLS")));
}

TEST_F(RegistrySection, AKeyGoesWithACertificateAndIsReadByNobodyElse) {
  const std::string files = "urls = [\"https://a\"]\ncertificate_file = \"/c\"\nkey_file = \"" + password_ + "\"";
  EXPECT_THAT(load(files).problems, ElementsAre(HasSubstr("cannot be read")));
  std::ofstream{password_} << "key";
  chmod(password_.c_str(), 0604);
  EXPECT_THAT(load(files).problems,
              ElementsAre(AllOf(HasSubstr("holds a key, and others may use the file"), HasSubstr("chmod o= "))));
  chmod(password_.c_str(), 0600);
  EXPECT_THAT(load(files).problems, IsEmpty());
  EXPECT_THAT(load("urls = [\"https://a\"]\ncertificate_file = \"/c\"").problems,
              ElementsAre(HasSubstr("one is given")));
  std::remove(password_.c_str());
}

TEST_F(RegistrySection, ThePasswordIsShownNowhere) {
  const auto loaded = load_with_password("https://a.example");
  EXPECT_THAT(print_config(loaded), Not(HasSubstr("canary")));
  EXPECT_EQ(loaded.secrets.removed_from("the canary-word"), "the ***");
}

}  // namespace
}  // namespace annals::relayd
