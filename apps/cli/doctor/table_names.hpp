#pragma once
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace annals::cli {

/// Tables of a schema as statements take them in a text[]: "schema.table". Not copyable: the views are into its own names.
class TableNames {
 public:
  TableNames(const std::string& schema, std::initializer_list<std::string_view> tables) {
    names_.reserve(tables.size());  // views stay valid
    for (const auto table : tables) views_.emplace_back(names_.emplace_back(schema + "." + std::string{table}));
  }
  TableNames(const TableNames&) = delete;
  TableNames& operator=(const TableNames&) = delete;
  ~TableNames() = default;

  [[nodiscard]] std::span<const std::optional<std::string_view>> views() const noexcept { return views_; }

 private:
  std::vector<std::string> names_;
  std::vector<std::optional<std::string_view>> views_;
};

}  // namespace annals::cli
