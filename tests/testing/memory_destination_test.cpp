#include "annals/testing/memory_destination.hpp"

#include "annals/testing/destination_contract.hpp"
#include "annals/testing/memory_sink.hpp"
#include "memory_destination_harness.hpp"

namespace annals::testing {
namespace {

INSTANTIATE_TEST_SUITE_P(Memory, DestinationContract,
                         ::testing::Values(DestinationAdapter{
                             "memory", [] { return std::make_unique<MemoryDestinationHarness>(); }}),
                         [](const auto& adapter) { return adapter.param.name; });

}  // namespace
}  // namespace annals::testing
