#include "annals/projections/handlers.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "annals/core/error.hpp"
#include "annals/json/json_codec.hpp"
#include "runner/dispatcher.hpp"

namespace annals::projections {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Number {
  int value = 0;
};
struct Other {};

TypeRegistry make_types() {
  TypeRegistry types;
  types.add<Number>("t.v1.Number",
                    json_codec<Number>([](const Number& n) { return std::to_string(n.value); },
                                       [](std::string_view text) { return Number{std::stoi(std::string{text})}; }));
  types.alias("t.v0.Numeral", "t.v1.Number");
  return types;
}

RecordedEvent event(std::string type, std::string data) {
  RecordedEvent out;
  out.type = std::move(type);
  out.data = std::move(data);
  out.content_type = ContentType::json;
  return out;
}

ErrorKind kind_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << "nothing was thrown";
  return ErrorKind::failed;
}

class HandlersTest : public ::testing::Test {
 protected:
  bool apply(const RecordedEvent& input) { return Dispatcher<RecordedEvent>{handlers_, types_}.apply(input, nullptr); }
  void note(std::string text) { notes_.push_back(std::move(text)); }

  TypeRegistry types_ = make_types();
  EventHandlers handlers_;
  std::vector<std::string> notes_;
};

TEST_F(HandlersTest, DecodesByNameAndAlias) {
  handlers_.on<Number>([&](const Number& n) { note(std::to_string(n.value)); });
  EXPECT_TRUE(apply(event("t.v1.Number", "1")));
  EXPECT_TRUE(apply(event("t.v0.Numeral", "2")));
  EXPECT_FALSE(apply(event("t.v1.Unknown", "3")));
  EXPECT_THAT(notes_, ElementsAre("1", "2"));
}

TEST_F(HandlersTest, PassTheEnvelopeToThoseWhoWantIt) {
  handlers_.on<Number>([&](const Number& n, const RecordedEvent& from) { note(from.type + std::to_string(n.value)); });
  handlers_.on_type("raw", [&](const RecordedEvent& from) { note("raw " + from.data); });
  apply(event("t.v1.Number", "1"));
  apply(event("raw", "{}"));
  EXPECT_THAT(notes_, ElementsAre("t.v1.Number1", "raw {}"));
}

TEST_F(HandlersTest, RunInTheOrderOfRegistrationAndAnyLast) {
  handlers_.on_any([&](const RecordedEvent&) { note("any"); });
  handlers_.on<Number>([&](const Number&) { note("first"); });
  handlers_.on_type("t.v0.Numeral", [&](const RecordedEvent&) { note("second, by its old name"); });
  apply(event("t.v1.Number", "1"));
  EXPECT_THAT(notes_, ElementsAre("first", "second, by its old name", "any"));
  EXPECT_TRUE(apply(event("whatever", "")));
}

TEST_F(HandlersTest, UnhandledTypesAreSkippedOrFail) {
  EXPECT_FALSE(apply(event("nobody", "")));
  handlers_.unhandled(Unhandled::fail);
  EXPECT_EQ(kind_of([&] { apply(event("nobody", "")); }), ErrorKind::invalid);
  EXPECT_THAT(notes_, IsEmpty());
}

TEST_F(HandlersTest, UndecodableEventThrowsAndUnhandledOneIsNotDecoded) {
  EXPECT_FALSE(apply(event("t.v1.Number", "rubbish")));
  handlers_.on<Number>([&](const Number&) {});
  EXPECT_THROW(apply(event("t.v1.Number", "rubbish")), Error);
  EXPECT_THROW(apply(event("t.v1.Number", "\"rubbish\"")), std::invalid_argument);
}

TEST_F(HandlersTest, UnregisteredTypeIsRefusedBeforeAnythingRuns) {
  handlers_.on<Other>([](const Other&) {});
  EXPECT_EQ(kind_of([&] { Dispatcher<RecordedEvent>(handlers_, types_); }), ErrorKind::invalid);
}

TEST_F(HandlersTest, ErrorsNameThePlaceAndKeepTheirKind) {
  const auto at = [](const std::function<void()>& work) -> Error {
    try {
      try {
        work();
      } catch (...) {
        rethrow_at("here");
      }
    } catch (const Error& error) {
      return error;
    }
    return Error{ErrorKind::overloaded, "nothing"};
  };
  const auto corrupt = at([] { throw Error{ErrorKind::corrupt, "bad bytes", {.hint = "look"}}; });
  EXPECT_EQ(corrupt.kind(), ErrorKind::corrupt);
  EXPECT_EQ(corrupt.message(), "here: bad bytes");
  EXPECT_EQ(corrupt.hint(), "look");
  const auto other = at([] { throw std::runtime_error{"oh"}; });
  EXPECT_EQ(other.kind(), ErrorKind::failed);
  EXPECT_THAT(other.message(), HasSubstr("here: oh"));
}

TEST(HandlersDeathTest, HandlerThatWantsATransactionNeedsOne) {
  const TypeRegistry types;
  EventHandlers handlers;
  handlers.on_any([](const RecordedEvent&, pqxx::transaction_base&) {});
  const Dispatcher<RecordedEvent> dispatcher{handlers, types};
  EXPECT_DEATH(dispatcher.apply(event("t", ""), nullptr), "tx");
}

}  // namespace
}  // namespace annals::projections
