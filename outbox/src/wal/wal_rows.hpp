#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "annals/core/event_id.hpp"
#include "annals/outbox/message.hpp"
#include "annals/postgres/message_log.hpp"
#include "wal/pgoutput.hpp"

namespace annals::outbox {

/// Rows of a log's table as pgoutput writes them, made messages. What column is what is known by the columns' names, which the
/// server tells before the first row and again when the table has changed.
///
/// Thread safety  none.
/// Errors         Error{corrupt}: a row is not what the table can hold; Error{not_ready}: a column is not there.
class WalRows {
 public:
  /// Which value of a row is which part of a message.
  class Layout;
  /// By what a row is known.
  struct Head {
    std::int64_t position = 0;
    std::int64_t stream = 0;  ///< 0: of none
    EventId id;
  };

  explicit WalRows(const postgres::MessageLog& log);
  ~WalRows();
  WalRows(const WalRows&) = delete;
  WalRows& operator=(const WalRows&) = delete;

  void learn(const pgoutput::Relation& relation);
  /// Of the log's own table; null: of another one. Valid until forget().
  [[nodiscard]] const Layout* layout_of(std::uint32_t relation) const;
  void forget() noexcept;

  [[nodiscard]] Head head(const pgoutput::Tuple& row, const Layout& layout) const;
  /// Everything but ticket and names of streams; `view.sequence` and the rest are views into the row.
  void decode(const pgoutput::Tuple& row, const Layout& layout, MessageView& view) const;

 private:
  const postgres::MessageLog& log_;
  std::unordered_map<std::uint32_t, const Layout*> layouts_;
  std::deque<Layout> all_;  // a table that is changed does not change the rows that were read before
};

}  // namespace annals::outbox
