#include "annals/outbox/key_lock.hpp"

#include <gmock/gmock.h>

#include <future>

#include "relay_test_base.hpp"

namespace annals::tests {
namespace {

class KeyLock : public RelayTestBase {
 protected:
  /// Two transactions of one key: the first one to reach the outbox commits last.
  void enqueue_crosswise(bool locked) {
    pqxx::work first{*writer_};
    if (locked) outbox::lock_key(first, "orders", "k");
    outbox_.enqueue(first, message("k", "first in the outbox"));
    auto second = std::async(std::launch::async, [&] {
      pqxx::work tx{*other_};
      if (locked) outbox::lock_key(tx, "orders", "k");
      outbox_.enqueue(tx, message("k", "second in the outbox"));
      tx.commit();
      commits_.emplace_back("second in the outbox");
    });
    if (locked) {
      wait_until_it_waits();
      commits_.emplace_back("first in the outbox");
      first.commit();
      second.get();
    } else {
      second.get();
      first.commit();
      commits_.emplace_back("first in the outbox");
    }
  }
  void wait_until_it_waits() {
    const auto sql = fmt::format(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND pid = {}", other_pid_);
    while (scalar(sql) != "1") std::this_thread::yield();
  }
  std::vector<std::string> published() {
    RecordingSink sink;
    auto relay = this->relay(sink);
    run_until_idle(relay);
    return payloads(sink);
  }

  std::unique_ptr<pqxx::connection> other_ = postgres::open_pqxx(database_.as("writer"));
  int other_pid_ = other_->backendpid();
  std::vector<std::string> commits_;
};

// Why lock_key() is there: without it a key's messages follow their positions, not their commits.
TEST_F(KeyLock, IsWhatMakesPositionsFollowCommits) {
  enqueue_crosswise(false);
  EXPECT_EQ(commits_.front(), "second in the outbox");
  EXPECT_EQ(published().front(), "first in the outbox");
}

TEST_F(KeyLock, LetsMessagesOfAKeyFollowTheirCommits) {
  enqueue_crosswise(true);
  EXPECT_EQ(published(), commits_);
}

TEST_F(KeyLock, DelaysNoOtherKeyAndNoOtherTopic) {
  pqxx::work first{*writer_};
  outbox::lock_key(first, "orders", "k");
  pqxx::work second{*other_};
  postgres::exec_params(second, "SET LOCAL lock_timeout = '1ms'", {});
  outbox::lock_key(second, "orders", "l");
  outbox::lock_key(second, "invoices", "k");
  EXPECT_EQ(error_of([&] { outbox::lock_key(second, "orders", "k"); }).kind(), ErrorKind::overloaded);
}

TEST_F(KeyLock, RefusesWhatNoMessageCanHave) {
  pqxx::work tx{*writer_};
  EXPECT_THROW(outbox::lock_key(tx, "no topic", "k"), Error);
  EXPECT_THROW(outbox::lock_key(tx, "orders", ""), Error);
}

}  // namespace
}  // namespace annals::tests
