#include "fines/projection.hpp"

#include <memory>
#include <vector>

#include "fines/table.hpp"

namespace fines {
namespace {

/// The events of one batch, until they are folded.
struct Batch {
  struct Change {
    std::string stream;
    std::string type;
    std::string json;
  };
  std::vector<Change> changes;

  void add(const annals::RecordedEvent& event) {
    if (event.stream.category() == "fine") changes.push_back({event.stream.str(), event.type, event.data});
  }

  /// Two statements, however many events there are: the rows they concern, and the rows they make.
  void apply(pqxx::transaction_base& tx) const {
    if (changes.empty()) return;
    Fines fines;
    for (const auto& change : changes) fines.try_emplace(change.stream);
    load(tx, fines);
    for (const auto& change : changes) {
      auto& fine = fines.at(change.stream);
      fine = evolve(std::move(fine), change.type, change.json);
    }
    save(tx, fines);
  }
};

}  // namespace

annals::projections::Projection fines_projection() {
  const auto batch = std::make_shared<Batch>();  // shared: the hooks live and die with the projection
  annals::projections::Projection projection{"fines"};
  projection.begin([batch] { batch->changes.clear(); });
  projection.on_any([batch](const annals::RecordedEvent& event) { batch->add(event); });
  projection.flush([batch](pqxx::transaction_base& tx) { batch->apply(tx); });
  projection.reset([](pqxx::transaction_base& tx) { tx.exec("TRUNCATE fines"); });
  return projection;
}

}  // namespace fines
