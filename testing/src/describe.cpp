#include "annals/testing/describe.hpp"

#include <cxxabi.h>
#include <google/protobuf/util/message_differencer.h>

#include <cstdlib>
#include <memory>

namespace annals::testing::detail {

std::string describe_message(const google::protobuf::Message& message) {
  const auto text = message.ShortDebugString();
  return message.GetTypeName() + (text.empty() ? " {}" : " {" + text + '}');
}

bool same_message(const google::protobuf::Message& left, const google::protobuf::Message& right) {
  return google::protobuf::util::MessageDifferencer::Equals(left, right);
}

std::string type_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name{abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                    std::free};
  return name == nullptr ? type.name() : name.get();
}

}  // namespace annals::testing::detail
