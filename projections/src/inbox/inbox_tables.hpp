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
  using Offsets = std::map<Partition, std::int64_t>;       ///< of the next message
  struct Message {
    std::string_view source;
    std::string_view id;
  };

  InboxTables(const std::string& schema, std::string consumer);

  /// Fills in the next offset of each partition in `offsets` and keeps other transactions from moving it.
  void lock(pqxx::transaction_base& tx, Offsets& offsets) const;
  /// Records messages, no two of them alike; returns for each whether it is seen for the first time.
  [[nodiscard]] std::vector<bool> record(pqxx::transaction_base& tx, const std::vector<Message>& messages) const;
  void move(pqxx::transaction_base& tx, const Offsets& offsets) const;
  std::size_t prune(pqxx::transaction_base& tx, Timestamp before, std::size_t rows_max) const;

 private:
  [[nodiscard]] postgres::PqxxParams params() const { return postgres::PqxxParams{}.text(consumer_); }

  std::string consumer_;
  postgres::PreparedStatement offsets_create_;
  postgres::PreparedStatement offsets_lock_;
  postgres::PreparedStatement offsets_move_;
  postgres::PreparedStatement messages_record_;
  postgres::PreparedStatement messages_prune_;
};

}  // namespace annals::projections
