#include "annals/outbox/claim.hpp"

#include <gmock/gmock.h>
#include <google/protobuf/empty.pb.h>
#include <openssl/evp.h>

#include "annals/outbox/claim_store.hpp"
#include "poison/sha256.hpp"
#include "support/error_of.hpp"

namespace annals::tests {
namespace {

using outbox::Claim;
using outbox::parse_claim;
using outbox::redeem;
using testing::HasSubstr;

/// Of "abc": FIPS 180-4.
constexpr const char* sha256_of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256, IsThatOfTheStandard) {
  EXPECT_EQ(outbox::sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(outbox::sha256_hex("abc"), sha256_of_abc);
  EXPECT_EQ(outbox::sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(outbox::sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

#if OPENSSL_VERSION_NUMBER >= 0x30000000L
TEST(Sha256, SaysWhatOpenSslLacks) {
  ASSERT_EQ(EVP_set_default_properties(nullptr, "provider=absent"), 1);
  const auto error = error_of([] { (void)outbox::sha256_hex("abc"); });
  ASSERT_EQ(EVP_set_default_properties(nullptr, ""), 1);
  EXPECT_EQ(error.kind(), ErrorKind::not_ready);
  EXPECT_THAT(error.what(), HasSubstr("openssl.cnf"));
  EXPECT_EQ(outbox::sha256_hex("abc"), sha256_of_abc);
}
#endif

TEST(Claim, IsReadAsItIsWritten) {
  for (const auto* database : {"shop", "a/b?c&d=e", "Zürich 100%", "-._~"}) {
    const Claim claim{.database = database,
                      .schema = "annals",
                      .number = 100'000'000'042,
                      .bytes = 16'777'216,
                      .sha256 = sha256_of_abc};
    EXPECT_EQ(parse_claim(to_string(claim)), claim) << to_string(claim);
  }
  EXPECT_EQ(to_string(Claim{"shop", "annals", 42, 3, sha256_of_abc}),
            std::string{"annals-claim:shop/annals/42?bytes=3&sha256="} + sha256_of_abc);
}

TEST(Claim, IsNothingElse) {
  const auto good = to_string(Claim{"shop", "annals", 42, 3, sha256_of_abc});
  for (const auto& bad :
       {std::string{}, std::string{"https://shop/annals/42"}, good.substr(1), good + "0",
        good.substr(0, good.size() - 1), std::string{"annals-claim:shop/42?bytes=3&sha256="} + sha256_of_abc,
        std::string{"annals-claim:shop/annals/x?bytes=3&sha256="} + sha256_of_abc,
        std::string{"annals-claim:shop/annals/42?bytes=-3&sha256="} + sha256_of_abc,
        std::string{"annals-claim:%zz/annals/42?bytes=3&sha256="} + sha256_of_abc,
        std::string{"annals-claim:sh%4/annals/42?bytes=3&sha256="} + sha256_of_abc}) {
    EXPECT_FALSE(parse_claim(bad).has_value()) << bad;
  }
}

// An empty payload would be one: a message without content, of any type.
TEST(Claim, WhatStandsForThePayloadIsNoProtobufMessage) {
  google::protobuf::Empty any;
  ASSERT_TRUE(any.ParseFromString(""));
  const auto stub = outbox::claim_stub(to_string(Claim{"shop|7", "annals", 42, 3, sha256_of_abc}));
  EXPECT_EQ(stub.front(), '{');
  EXPECT_EQ(stub.find('|'), std::string::npos) << "it would end the group that the first byte begins";
  EXPECT_FALSE(any.ParseFromString(stub));
}

/// Has one payload, or none, or no answer.
class OneClaim final : public outbox::ClaimStore {
 public:
  explicit OneClaim(std::optional<std::string> payload) : payload_(std::move(payload)) {}
  std::optional<std::string> fetch(const Claim& claim) override {
    if (claim.number == 1) throw Error{ErrorKind::disconnected, "nobody answers"};
    if (claim.number == 2) throw Error{ErrorKind::corrupt, "a page is damaged"};
    return payload_;
  }

 private:
  std::optional<std::string> payload_;
};

std::string reference(std::int64_t number = 42, std::uint64_t bytes = 3) {
  return to_string(Claim{"shop", "annals", number, bytes, sha256_of_abc});
}

TEST(Redeem, GivesThePayloadThatIsMeantAndNoOther) {
  OneClaim good{"abc"};
  EXPECT_EQ(redeem(good, reference()).payload, "abc");
  EXPECT_EQ(redeem(good, reference()).fault, "");
  OneClaim other{"abd"};
  const auto wrong = redeem(other, reference());
  EXPECT_EQ(wrong.payload, "");
  EXPECT_THAT(wrong.fault, HasSubstr("what was fetched for it has SHA-256 a52d159f"));
  EXPECT_THAT(redeem(good, reference(42, 4)).fault, HasSubstr("has 3 bytes"));
  OneClaim empty{""};
  EXPECT_THAT(redeem(empty, reference()).fault, HasSubstr("has 0 bytes")) << "an empty payload is never taken for it";
}

TEST(Redeem, SaysWhatIsInTheWay) {
  OneClaim none{std::nullopt};
  EXPECT_THAT(redeem(none, reference()).fault, HasSubstr("annals outbox retention --claims"));
  EXPECT_THAT(redeem(none, reference()).fault, HasSubstr("annals-claim:shop/annals/42?"));
  EXPECT_THAT(redeem(none, "s3://bucket/key").fault, HasSubstr("no reference that this library knows"));
  EXPECT_THAT(redeem(none, reference(2)).fault, HasSubstr("a page is damaged"));
  EXPECT_EQ(error_of([&] { (void)redeem(none, reference(1)); }).kind(), ErrorKind::disconnected) << "ask again later";
}

}  // namespace
}  // namespace annals::tests
