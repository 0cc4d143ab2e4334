#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "annals/projections/source.hpp"

namespace annals::testing {

/// An OffsetTable for readers without an inbox: a test, or a tool that reads a topic once.
///
/// Thread safety: none.
class MemoryOffsets final : public projections::OffsetTable {
 public:
  /// Throws Error{corrupt} when the topic is on record as another origin's.
  Places places(const std::string& origin, const std::string& topic) override;
  void begin(const std::string& origin, const std::string& topic,
             const std::map<std::int32_t, std::int64_t>& starts) override;
  [[nodiscard]] std::string how_to_set(const std::string& topic, std::int32_t partition,
                                       std::int64_t next) const override;

  /// These are handled: their partitions go on after them.
  void handled(const std::vector<projections::IncomingMessage>& messages);
  /// Puts a partition elsewhere, as a database does that was restored.
  void set(const std::string& topic, std::int32_t partition, std::int64_t next);
  /// Where a partition stands; nothing: not on record.
  [[nodiscard]] std::optional<std::int64_t> next(const std::string& topic, std::int32_t partition) const;
  /// A record of the same content with an identity of its own, as a consumer that was started again has.
  [[nodiscard]] std::unique_ptr<MemoryOffsets> restarted() const;

 private:
  struct Topic {
    std::string origin;
    Places places;
  };
  std::map<std::string, Topic> topics_;
};

}  // namespace annals::testing
