#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "annals/core/timestamp.hpp"
#include "annals/postgres/prepared_statement.hpp"

namespace annals::projections {

/// What a consumer has handled: `inbox_offsets` and `inbox_messages`, in the caller's transaction and by sets.
class InboxTables {
 public:
  using Partition = std::pair<std::string, std::int32_t>;  ///< topic and number
  struct Place {
    std::int64_t next = 0;     ///< offset of the next message
    std::string last_id = {};  ///< of the message just below; empty: none that could be used
  };
  using Offsets = std::map<Partition, Place>;
  struct Listed {
    std::int32_t partition;
    std::int64_t next;
    std::string origin;
    bool has_last_id;
  };
  struct Message {
    std::string_view source;
    std::string_view id;
  };

  InboxTables(const std::string& schema, std::string consumer);

  [[nodiscard]] std::vector<Listed> list(pqxx::transaction_base& tx, const std::string& topic) const;
  /// Adds the partitions of a topic that have no row.
  void create(pqxx::transaction_base& tx, const std::string& origin, const std::string& topic,
              const std::map<std::int32_t, std::int64_t>& starts) const;
  /// Fills in the place of each partition in `offsets` and keeps other transactions from moving it. Those
  /// without a row stay as they are.
  void lock(pqxx::transaction_base& tx, Offsets& offsets) const;
  void move(pqxx::transaction_base& tx, const Offsets& offsets) const;

  /// Records messages, no two of them alike; returns for each whether it is seen for the first time.
  [[nodiscard]] std::vector<bool> record(pqxx::transaction_base& tx, const std::vector<Message>& messages) const;
  /// Returns for each message whether it is recorded.
  [[nodiscard]] std::vector<bool> known(pqxx::transaction_base& tx, const std::vector<Message>& messages) const;
  std::size_t prune(pqxx::transaction_base& tx, Timestamp before, std::size_t rows_max) const;

 private:
  [[nodiscard]] postgres::PqxxParams params() const { return postgres::PqxxParams{}.text(consumer_); }
  [[nodiscard]] std::vector<bool> ordinals(pqxx::transaction_base& tx, const postgres::PreparedStatement& statement,
                                           const std::vector<Message>& messages) const;

  std::string consumer_;
  postgres::PreparedStatement offsets_create_;
  postgres::PreparedStatement offsets_list_;
  postgres::PreparedStatement offsets_lock_;
  postgres::PreparedStatement offsets_move_;
  postgres::PreparedStatement messages_known_;
  postgres::PreparedStatement messages_record_;
  postgres::PreparedStatement messages_prune_;
};

}  // namespace annals::projections
