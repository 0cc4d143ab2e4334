#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "annals/postgres/pqxx_compat.hpp"
#include "annals/projections/source.hpp"
#include "inbox/inbox_tables.hpp"

namespace annals::projections {

/// A consumer's rows in `inbox_offsets` as a source sees them; and, for the inbox, what the source was told, so that a
/// record that was changed under a running consumer is noticed.
///
/// Thread safety  none.
/// Ownership      borrows session and tables.
class InboxOffsets final : public OffsetTable {
 public:
  InboxOffsets(pqxx::connection& session, const InboxTables& tables, std::string schema, std::string consumer)
      : session_(session), tables_(tables), schema_(std::move(schema)), consumer_(std::move(consumer)) {}

  Places places(const std::string& origin, const std::string& topic) override;
  void begin(const std::string& origin, const std::string& topic,
             const std::map<std::int32_t, std::int64_t>& starts) override;
  [[nodiscard]] std::string how_to_set(const std::string& topic, std::int32_t partition,
                                       std::int64_t next) const override;

  /// The partitions of a batch that was just received, with the least that the table must say when it is applied: the
  /// place from which the source went on.
  [[nodiscard]] InboxTables::Offsets expected(const std::vector<IncomingMessage>& batch) const;
  /// Locks the rows and fills in what they say. Throws Error{corrupt} when one is gone, or says less than `offsets`: it was
  /// set back while the source was further, and what lies between would not come.
  void lock(pqxx::transaction_base& tx, InboxTables::Offsets& offsets) const;
  /// After the commit.
  void moved(const InboxTables::Offsets& offsets);

 private:
  [[nodiscard]] Places list(const std::string& origin, const std::string& topic);

  pqxx::connection& session_;
  const InboxTables& tables_;
  std::string schema_;
  std::string consumer_;
  std::map<InboxTables::Partition, std::int64_t> told_;
};

}  // namespace annals::projections
