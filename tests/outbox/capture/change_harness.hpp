#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "annals/outbox/message_log.hpp"
#include "annals/postgres/connection.hpp"
#include "annals/testing/message_source_contract.hpp"
#include "capture/change_source.hpp"
#include "support/temp_database.hpp"
#include "wal/wal_slot.hpp"

namespace annals::tests {

/// The changes of a service's table, for the contract of MessageSource: the number that was written is taken out of the JSON again.
class ChangeHarness final : public testing::MessageSourceHarness {
 public:
  explicit ChangeHarness(outbox::WalFeed::Options feed) : feed_(feed) {
    execute(
        "CREATE TABLE public.numbers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payload text);"
        "CREATE PUBLICATION annals_changes FOR TABLE public.numbers");
    make_slot();
  }
  void write(const std::string& payload) override { insert(writer_, payload); }
  void write_open(const std::string& payload) override {
    open_.emplace(other_);
    insert(other_, payload);
  }
  void end_open(bool commit) override {
    if (commit) open_->commit();
    open_.reset();
  }
  std::unique_ptr<outbox::MessageSource> make_source(std::size_t batch_max) override {
    auto session = std::make_unique<postgres::Connection>(database_.as("wal_relay"));
    auto source =
        std::make_unique<Numbers>(*session, clock_, log_,
                                  outbox::ChangeSource::Options{.relay = "contract",
                                                                .captures = {{.table = "public.numbers", .topic = "t"}},
                                                                .rows_max = batch_max,
                                                                .poll_interval = std::chrono::milliseconds{20},
                                                                .feed = feed_});
    session_ = std::move(session);
    return source;
  }
  /// What was not read is in the slot no more.
  void change_history() override {
    execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()");
    write("6");
    make_slot();
  }

 private:
  /// With the payload that was written for that of the message.
  class Numbers final : public outbox::MessageSource {
   public:
    template <class... Parts>
    explicit Numbers(Parts&&... parts) : source_(std::forward<Parts>(parts)...) {}
    outbox::Cursor first(const outbox::Start& start, std::chrono::milliseconds wait_max) override {
      return source_.first(start, wait_max);
    }
    void start(const outbox::Cursor& after) override { source_.start(after); }
    State read() override { return source_.read(); }
    [[nodiscard]] std::size_t size() const noexcept override { return source_.size(); }
    void decode(std::size_t index, outbox::MessageView& view) const override {
      source_.decode(index, view);
      view.payload = number_in(view.payload);
    }
    [[nodiscard]] outbox::Cursor cursor(std::int64_t ticket) const override { return source_.cursor(ticket); }
    [[nodiscard]] Place place(std::int64_t ticket) const override { return source_.place(ticket); }
    bool find(std::int64_t ticket, outbox::MessageView& view) override {
      const bool found = source_.find(ticket, view);
      view.payload = number_in(view.payload);
      return found;
    }
    void forget(std::int64_t ticket) override { source_.forget(ticket); }
    void acknowledge(const outbox::Cursor& cursor) override { source_.acknowledge(cursor); }
    [[nodiscard]] bool moved(Move move) const override { return source_.moved(move); }
    [[nodiscard]] bool more() const noexcept override { return source_.more(); }
    bool wait(std::chrono::milliseconds wait_max) override { return source_.wait(wait_max); }
    void rest() override { source_.rest(); }
    const std::vector<postgres::Blocker>& blockers() override { return source_.blockers(); }

   private:
    static std::string_view number_in(std::string_view json) {
      constexpr std::string_view before = R"("payload":")";
      json.remove_prefix(std::min(json.size(), json.find(before) + before.size()));
      return json.substr(0, json.find('"'));
    }
    outbox::ChangeSource source_;
  };

  void execute(const std::string& sql) { postgres::Connection{database_.superuser()}.execute(sql); }
  void make_slot() {
    postgres::Connection session{database_.as("wal_relay")};
    (void)outbox::WalSlot{session, log_, "contract"}.open();
  }
  static void insert(postgres::Connection& session, const std::string& payload) {
    session.query("INSERT INTO public.numbers (payload) VALUES ($1)", postgres::Params{}.text(payload));
  }

  TempDatabase database_;
  SystemClock clock_;
  postgres::MessageLog log_ = outbox::change_log("annals");
  outbox::WalFeed::Options feed_;
  postgres::Connection writer_{database_.superuser()};
  postgres::Connection other_{database_.superuser()};
  std::optional<postgres::Transaction> open_;
  std::unique_ptr<postgres::Connection> session_;
};

}  // namespace annals::tests
