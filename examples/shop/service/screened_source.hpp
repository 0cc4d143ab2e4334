#pragma once
#include <functional>
#include <string>

#include "annals/core/type_registry.hpp"
#include "annals/projections/source.hpp"

namespace shop {

/// Lets through what the shop's handlers can take. What they never will (bytes that are not the Protobuf they claim to
/// be, an id that no stream can have in its name, metadata that no event can carry) is reported and marked as damaged, which no handler is
/// given: it comes from outside, and one such record must not end the service at every start. It stays on the topic, at the place that was
/// reported.
///
/// Lifecycle      construct -> as a Source -> destroy.
/// Thread safety  none.
/// Ownership      borrows source and types.
/// Errors         those of the source.
/// Limits         none of its own.
class ScreenedSource final : public annals::projections::Source {
 public:
  using Report = std::function<void(const std::string& what)>;
  ScreenedSource(annals::projections::Source& source, const annals::TypeRegistry& types, Report report)
      : source_(source), types_(types), report_(std::move(report)) {}

  void commit() override { source_.commit(); }

 private:
  void poll(annals::projections::OffsetTable& offsets, std::size_t max, std::chrono::milliseconds wait,
            std::vector<annals::projections::IncomingMessage>& messages) override;
  void idle(annals::projections::OffsetTable& offsets) override { source_.keep_alive(offsets); }
  void screen(annals::projections::IncomingMessage& message) const;

  annals::projections::Source& source_;
  const annals::TypeRegistry& types_;
  Report report_;
};

}  // namespace shop
