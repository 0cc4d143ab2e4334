#include "wal/wal_source.hpp"

#include <gmock/gmock.h>

#include "annals/postgres/connection.hpp"
#include "capture/change_harness.hpp"
#include "log/auto_source.hpp"
#include "log_harness.hpp"
#include "support/server_version.hpp"
#include "wal/wal_slot.hpp"

namespace annals::testing {
namespace {

using std::chrono::milliseconds;

/// How the log is read.
enum class Way {
  streamed,
  mined,      ///< whatever there is, in small batches, and again after the smallest pause
  automatic,  ///< from the table until there is a slot
};

outbox::WalSource::Options wal_options(Way way, std::size_t batch_max) {
  outbox::WalSource::Options options{.relay = "contract", .rows_max = batch_max, .poll_interval = milliseconds{20}};
  if (way == Way::mined) options.feed = {.mine_from_bytes = 1, .batch_bytes = 4096, .look_again = milliseconds{1}};
  return options;
}

tests::LogHarness::Make source_of(Way way) {
  return [way](postgres::Connection& session, Clock& clock, const postgres::MessageLog& log, std::size_t batch_max) {
    const auto of_log = wal_options(way, batch_max);
    std::unique_ptr<outbox::MessageSource> source;
    if (way == Way::automatic) {
      source = std::make_unique<outbox::AutoSource>(
          session, clock, log,
          outbox::AutoSource::Options{
              .table = {.relay = "contract", .rows_max = batch_max, .poll_interval = milliseconds{20}},
              .wal = of_log,
              .retry_min = milliseconds{1}});
    } else {
      source = std::make_unique<outbox::WalSource>(session, clock, log, of_log);
    }
    return source;
  };
}

/// But for the automatic way the slot is there before the first message, as it is when a relay runs.
template <class Harness>
std::unique_ptr<Harness> harness(Way way) {
  auto made = std::make_unique<Harness>("wal_relay", source_of(way));
  if (way == Way::automatic) return made;
  tests::skip_unless_mined(made->database());
  if (MessageSourceContract::IsSkipped()) return made;
  postgres::Connection session{made->database().as("wal_relay")};
  (void)outbox::WalSlot{session, made->log(), "contract"}.open();
  return made;
}

template <class Harness>
MessageSourceAdapter adapter(const char* name, Way way) {
  return {.name = name, .make = [way] { return harness<Harness>(way); }, .order = MessageSourceAdapter::Order::commits};
}

/// Of a table that nobody of ours writes.
MessageSourceAdapter changes(const char* name, Way way) {
  return {.name = name,
          .make = [way] { return std::make_unique<tests::ChangeHarness>(wal_options(way, 1).feed); },
          .order = MessageSourceAdapter::Order::commits,
          .is_in_table = false};
}

INSTANTIATE_TEST_SUITE_P(Changes, MessageSourceContract, ::testing::Values(changes("changes", Way::streamed)),
                         [](const auto& adapter) { return adapter.param.name; });

INSTANTIATE_TEST_SUITE_P(Wal, MessageSourceContract,
                         ::testing::Values(adapter<tests::OutboxHarness>("outbox", Way::streamed),
                                           adapter<tests::OutboxHarness>("outbox_mined", Way::mined),
                                           adapter<tests::OutboxHarness>("outbox_automatic", Way::automatic),
                                           adapter<tests::EventsHarness>("events", Way::streamed),
                                           adapter<tests::EventsHarness>("events_mined", Way::mined),
                                           adapter<tests::EventsHarness>("events_automatic", Way::automatic)),
                         [](const auto& adapter) { return adapter.param.name; });

}  // namespace
}  // namespace annals::testing
