#include "progress/other_history.hpp"

#include <fmt/format.h>

#include "annals/core/text.hpp"

namespace annals::outbox {

std::optional<OtherHistory> other_history(const postgres::ClusterIdentity& made_in,
                                          const postgres::ClusterIdentity& here, const std::string& accept_timeline) {
  if (made_in.system_identifier != here.system_identifier) {
    return OtherHistory{.is_of_cluster = true,
                        .what = fmt::format("was made in cluster {}, and this is cluster {}",
                                            printable(made_in.system_identifier), here.system_identifier)};
  }
  if (made_in.timeline == here.timeline || accept_timeline == here.timeline) return std::nullopt;
  return OtherHistory{
      .what = fmt::format("was made on timeline {}, and this is timeline {}: the database was failed over or restored, "
                          "and what was published last may be missing here",
                          printable(made_in.timeline), here.timeline)};
}

}  // namespace annals::outbox
