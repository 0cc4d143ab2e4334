#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace annals::postgres {

class Connection;

/// Names by id, fetched as they are first needed, many in one query. Reading a log with the ids only and resolving them
/// here is twice as fast as joining the names to every row.
///
/// Thread safety  none. Ownership: borrows the connection.
/// Limits         at most bytes_max of names; a batch that would pass it starts anew.
class NameCache {
 public:
  /// `sql` takes a bigint[] and returns (bigint id, text name); names of an id never change. `remedy` is the hint for an
  /// id that has none.
  NameCache(Connection& connection, std::string sql, std::string remedy);

  /// Makes sure that name() knows all of `ids`; throws Error{corrupt}, which says which and the remedy, when one has none.
  void require(const std::vector<std::int64_t>& ids);
  /// Valid until the next require(), or as long as generation() is held.
  [[nodiscard]] const std::string& name(std::int64_t id) const { return names_->at(id); }
  /// Keeps what name() gives since the last require(), also for another thread.
  [[nodiscard]] std::shared_ptr<const void> generation() const noexcept { return names_; }

 private:
  using Names = std::unordered_map<std::int64_t, std::string>;
  static constexpr std::size_t bytes_max = 8U << 20U;

  Connection& connection_;
  std::string sql_;
  std::string statement_;  // as it is prepared: another cache on the connection may have another SQL
  std::string remedy_;
  std::shared_ptr<Names> names_ = std::make_shared<Names>();
  std::size_t bytes_ = 0;
};

}  // namespace annals::postgres
