#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

#include "annals/postgres/replication/lsn.hpp"

namespace annals::postgres {

/// How values of columns come.
enum class ValueForm {
  binary,  ///< as the types' send functions write them: for who knows the columns
  text,  ///< as the types' output functions do, the same whatever the server's and the role's settings are: ISO dates and
         ///< times, in UTC; ISO 8601 intervals; floating point numbers in as many digits as they need; bytea in hex
};

/// Port: what a logical slot has, as the plugin pgoutput writes it: protocol version 1, a transaction as a whole when
/// it has committed, transactions in the order of their commits. Implemented by ReplicationStream, which is soon and sends each
/// change by itself, and by SlotMiner, which carries a backlog.
///
/// Contract
///  - next() does not wait, and neither does keep_alive();
///  - transactions whose commit record begins before the place that a feed was opened at are left out, no others are;
///  - what is not confirmed can be had again, by another feed.
///
/// Thread safety  none. Errors: Error{disconnected} and Error{overloaded}: throw it away; else what the server said.
class ChangeFeed {
 public:
  ChangeFeed() = default;
  ChangeFeed(const ChangeFeed&) = delete;
  ChangeFeed& operator=(const ChangeFeed&) = delete;
  virtual ~ChangeFeed() = default;

  /// One message of the plugin, in the memory that libpq received it in.
  class Change {
   public:
    Change(char* libpq_buffer, std::string_view bytes) noexcept : buffer_(libpq_buffer), bytes_(bytes) {}
    [[nodiscard]] std::string_view bytes() const noexcept { return bytes_; }

   private:
    struct Free {
      void operator()(char* buffer) const noexcept;
    };
    std::unique_ptr<char, Free> buffer_;
    std::string_view bytes_;
  };

  /// The next change that has arrived. Nothing: none has.
  [[nodiscard]] virtual std::optional<Change> next() = 0;
  /// Waits at most `wait_max` until something arrives; false: nothing did.
  [[nodiscard]] virtual bool wait(std::chrono::milliseconds wait_max) = 0;
  /// All that there is for this reader up to here has been given by next().
  [[nodiscard]] virtual Lsn passed() const noexcept = 0;
  /// From now on the server need not keep what ends at or before `lsn`. Only forward.
  virtual void confirm(Lsn lsn) noexcept = 0;
  /// Tells the server that this side lives, and what is confirmed, when that is due. Takes in nothing.
  virtual void keep_alive() = 0;
};

}  // namespace annals::postgres
