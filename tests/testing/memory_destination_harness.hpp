#pragma once
#include <memory>
#include <string>
#include <vector>

#include "annals/testing/destination_contract.hpp"
#include "annals/testing/memory_destination.hpp"
#include "annals/testing/memory_sink.hpp"

namespace annals::testing {

class MemoryDestinationHarness : public DestinationHarness {
 public:
  std::unique_ptr<outbox::Destination> make(const std::string& relay) override {
    return std::make_unique<MemoryDestination>(sink_, progress_, relay);
  }
  outbox::Cursor next_cursor() override { return {std::to_string(++cursors_)}; }
  std::vector<std::string> durable() override {
    std::vector<std::string> out;
    for (const auto& message : sink_.messages()) out.push_back(message.payload);
    return out;
  }

 protected:
  MemorySink sink_;
  MemoryProgress progress_;

 private:
  int cursors_ = 0;
};

}  // namespace annals::testing
