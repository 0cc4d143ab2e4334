#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "annals/core/error.hpp"

namespace annals::postgres {

/// A bounded set of connections of type C, opened on demand.
///
/// Lifecycle      construct -> acquire() -> the Lease returns its connection when it ends; all leases must end before the
///                pool does.
/// Thread safety  all methods are thread-safe; a Lease belongs to one thread.
/// Ownership      owns its connections; a Lease borrows one.
/// Errors         acquire() throws Error{overloaded} when none came free in time, and whatever opening throws.
/// Limits         at most `size` connections exist.
template <class C>
class Pool {
 public:
  struct Options {
    std::size_t size = 8;
    std::chrono::milliseconds acquire_timeout{10'000};
  };
  using Open = std::function<std::unique_ptr<C>()>;
  /// Says whether an idle connection may be used again; asked when it is leased again.
  using Reusable = std::function<bool(C&)>;

  class Lease {
   public:
    Lease(Pool& pool, std::unique_ptr<C> connection) : pool_(&pool), connection_(std::move(connection)) {}
    Lease(Lease&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)), connection_(std::move(other.connection_)) {}
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (pool_ != nullptr) pool_->give_back(std::move(connection_));
    }
    C& operator*() const noexcept { return *connection_; }
    C* operator->() const noexcept { return connection_.get(); }
    /// After an error that leaves the session in an unknown state: close it instead of returning it.
    void discard() noexcept { connection_.reset(); }

   private:
    Pool* pool_;
    std::unique_ptr<C> connection_;
  };

  Pool(Open open, Reusable reusable, Options options = {})
      : open_(std::move(open)), reusable_(std::move(reusable)), options_(options) {}
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() = default;

  [[nodiscard]] Lease acquire();
  /// Nothing when none is free at once. For whoever holds one already: waiting for a second one, two would wait for each
  /// other.
  [[nodiscard]] std::optional<Lease> try_acquire();

 private:
  [[nodiscard]] bool take_place(std::chrono::milliseconds wait);
  [[nodiscard]] Lease lease();
  [[nodiscard]] std::unique_ptr<C> take_idle();
  void give_back(std::unique_ptr<C> connection) noexcept;

  Open open_;
  Reusable reusable_;
  Options options_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<std::unique_ptr<C>> idle_;
  std::size_t leased_ = 0;
};

template <class C>
typename Pool<C>::Lease Pool<C>::acquire() {
  if (take_place(options_.acquire_timeout)) return lease();
  throw Error{ErrorKind::overloaded,
              "all " + std::to_string(options_.size) + " connections of the pool are in use",
              {.hint = "return them sooner, or raise the pool's size"}};
}

template <class C>
std::optional<typename Pool<C>::Lease> Pool<C>::try_acquire() {
  if (!take_place(std::chrono::milliseconds{0})) return std::nullopt;
  return lease();
}

/// For a place that was taken.
template <class C>
typename Pool<C>::Lease Pool<C>::lease() {
  try {
    // Asked outside of the mutex: it may talk to the socket.
    while (auto connection = take_idle()) {
      if (reusable_(*connection)) return Lease{*this, std::move(connection)};
    }
    return Lease{*this, open_()};
  } catch (...) {
    give_back(nullptr);
    throw;
  }
}

template <class C>
bool Pool<C>::take_place(std::chrono::milliseconds wait) {
  std::unique_lock lock{mutex_};
  if (!freed_.wait_for(lock, wait, [&] { return leased_ < options_.size; })) return false;
  ++leased_;
  return true;
}

template <class C>
std::unique_ptr<C> Pool<C>::take_idle() {
  const std::lock_guard lock{mutex_};
  if (idle_.empty()) return nullptr;
  auto connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

template <class C>
void Pool<C>::give_back(std::unique_ptr<C> connection) noexcept {
  {
    const std::lock_guard lock{mutex_};
    --leased_;
    if (connection) idle_.push_back(std::move(connection));
  }
  freed_.notify_one();
}

}  // namespace annals::postgres
