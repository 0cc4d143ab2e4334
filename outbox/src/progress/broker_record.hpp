#pragma once
#include <string>
#include <string_view>

#include "annals/outbox/message_source.hpp"
#include "progress/checkpoint_store.hpp"

namespace annals::outbox {

/// The checkpoint as the broker keeps it, in the messages' own transactions.
///
/// Format, ASCII:  annals/1 GENERATION CURSOR  or, with a note,  annals/2 GENERATION NOTE CURSOR
struct BrokerRecord {
  std::string generation;  ///< of the row that it belongs to
  Cursor cursor;
  std::string note = {};  ///< see Destination::commit()

  [[nodiscard]] std::string encode() const;
  /// Throws Error{corrupt}, naming the id, for anything that encode() does not make.
  [[nodiscard]] static BrokerRecord parse(std::string_view text, std::string_view id);
};

/// Names a relay's transactions at the broker.
[[nodiscard]] std::string transactional_id_of(const CheckpointStore::Tie& tie);

/// What row and record say together; exactly_once.cpp opens with why.
struct Agreement {
  enum class Say {
    row,
    broker,
    lost,       ///< the record that was seen is not there
    gone_back,  ///< the record is behind the row, which only follows it
  };
  Say say;
  Cursor cursor;  ///< the row's when neither has the say
  std::string note = {};
};
/// `record` as it is in the topic; empty: none is there.
[[nodiscard]] Agreement agree(const CheckpointStore::Tie& tie, const Cursor& of_row, std::string_view record);

}  // namespace annals::outbox
