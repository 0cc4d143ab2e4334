// Why a watermark and ranges.
//
// Positions are drawn before they are committed, so a reader in the order of commits sees 7, 9, 8: after 9 the position 8 is
// a hole, and whether it is to come, or was rolled back, it cannot see. What it has published is therefore a set:
//
//   published = { p : p <= watermark } ∪ ranges          with a hole before each range
//
// Invariant    Every message at or below the watermark, and every message in a range, is published; no other one is.
//
//   add(p)       p was published. With p = watermark + 1 the watermark moves, over the ranges that it meets, too.
//   close(h)     No message is in the hole h, and none will be: a horizon at or above it is proven (HorizonProver), and the
//                table has no row there. To say that it is published changes nothing about any message.
//
//   settle(H)    the same of everything up to H, from somebody who has given all that is there.
//
// So whoever goes on from such a value, from the table or from the log, publishes exactly the messages that are not in it:
// nothing is lost, because a hole stays a hole until it is filled or proven to be empty; nothing is repeated, because what
// was published is in it. The order of one key is that of its positions (its writers take turns), so what is published of a key
// is a prefix of it, and what is left of it comes after.
//
// A transaction that is open for long, while others commit between each two of its positions, makes a hole of each of them. The
// number of ranges is bounded: the highest are forgotten, so the set becomes too small, never too large. Who goes on from it in the
// table then repeats some, and loses none; who goes on in the log, which has places of its own, repeats none.
#include "progress/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "annals/core/assert.hpp"
#include "progress/place_text.hpp"

namespace annals::outbox {
namespace {

/// A range that begins `distance` after `before`, which is the end of the one before.
std::optional<Progress::Range> parse_range(std::string_view text, std::int64_t before) {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  const auto plus = text.find('+');
  if (plus == std::string_view::npos) return std::nullopt;
  const auto distance = parse_position(text.substr(0, plus));
  const auto length = parse_position(text.substr(plus + 1));
  if (!distance || !length || *distance < 2 || *distance > most - before) return std::nullopt;
  const auto first = before + *distance;
  if (*length > most - first) return std::nullopt;
  return Progress::Range{.first = first, .last = first + *length};
}

}  // namespace

void Progress::add(const Place& place) {
  if (above_.empty() && place.position == watermark_ + 1) {  // as most are
    watermark_ = place.position;
    anchor_ = place;
    if (watermark_ >= unknown_) unknown_ = 0;
    return;
  }
  if (contains(place.position)) return;
  insert({place.position, place.position}, place);
  absorb();
  bound();
}

void Progress::close(const Range& hole) {
  ANNALS_ASSERT(hole.first > 0 && hole.first <= hole.last);
  if (hole.last <= watermark_) return;
  insert({std::max(hole.first, watermark_ + 1), hole.last}, {});
  absorb();
  bound();
}

void Progress::settle(std::int64_t horizon, const Place& last) {
  ANNALS_ASSERT(last.position <= horizon);
  if (horizon > watermark_) close({watermark_ + 1, horizon});
  if (last.position > anchor_.position) anchor_ = last;
}

/// Joins it with what it touches.
void Progress::insert(const Range& range, const Place& last) {
  const auto touches_or_after = [&](const Published& p) { return p.range.last >= range.first - 1; };
  // What is published comes mostly at the end.
  const auto begin = above_.empty() || above_.back().range.last < range.first - 1
                         ? above_.end()
                         : std::partition_point(above_.begin(), above_.end(),
                                                [&](const Published& p) { return !touches_or_after(p); });
  Published joined{.range = range, .last = last};
  auto end = begin;
  for (; end != above_.end() && end->range.first - 1 <= joined.range.last; ++end) {
    joined.range.first = std::min(joined.range.first, end->range.first);
    joined.range.last = std::max(joined.range.last, end->range.last);
    if (end->last.position > joined.last.position) joined.last = end->last;
  }
  if (begin == end) {
    above_.insert(begin, joined);
  } else {
    *begin = joined;
    above_.erase(begin + 1, end);
  }
}

void Progress::absorb() {
  while (!above_.empty() && above_.front().range.first <= watermark_ + 1) {
    const auto& front = above_.front();
    watermark_ = std::max(watermark_, front.range.last);
    if (front.last.position > anchor_.position) anchor_ = front.last;
    above_.erase(above_.begin());
  }
  if (watermark_ >= unknown_) unknown_ = 0;
}

void Progress::bound() {
  if (above_.size() <= ranges_max) return;
  unknown_ = std::max(unknown_, above_.back().range.last);
  above_.pop_back();
}

bool Progress::contains(std::int64_t position) const {
  if (position <= watermark_) return true;
  if (above_.empty() || position > above_.back().range.last) return false;
  const auto found =
      std::partition_point(above_.begin(), above_.end(), [&](const Published& p) { return p.range.last < position; });
  return found != above_.end() && found->range.first <= position;
}

std::int64_t Progress::top() const noexcept {
  return std::max(unknown_, above_.empty() ? watermark_ : above_.back().range.last);
}

Progress::Place Progress::top_place() const noexcept {
  const auto& last = above_.empty() ? anchor_ : above_.back().last;
  return last.position == top() ? last : Place{};
}

std::vector<Progress::Range> Progress::holes(std::int64_t limit, std::size_t count) const {
  std::vector<Range> out;
  auto before = watermark_;
  for (const auto& published : above_) {
    if (before >= limit || out.size() >= count) break;
    out.push_back({before + 1, std::min(published.range.first - 1, limit)});
    before = published.range.last;
  }
  return out;
}

std::vector<Progress::Range> Progress::holes_and_rest() const {
  constexpr auto end = std::numeric_limits<std::int64_t>::max();
  auto out = holes(end, ranges_max);
  const auto last = above_.empty() ? watermark_ : above_.back().range.last;
  if (last < end) out.push_back({last + 1, end});
  return out;
}

std::string Progress::encode() const {
  auto text = fmt::format("{} {} {} ", watermark_, anchor_.position, id_text(anchor_));
  if (above_.empty() && exact()) return text.append(no_text);
  auto before = watermark_;
  for (const auto& [range, last] : above_) {
    fmt::format_to(std::back_inserter(text), "{}{}+{}", before == watermark_ ? "" : ",", range.first - before,
                   range.last - range.first);
    before = range.last;
  }
  if (!exact()) {
    fmt::format_to(std::back_inserter(text), "{}~{}", above_.empty() ? "" : ",", unknown_);
  } else if (const auto last = top_place(); last.position > 0) {
    fmt::format_to(std::back_inserter(text), "@{}", last.id.to_string());
  }
  return text;
}

std::optional<Progress> Progress::decode(std::string_view text) {
  const auto watermark = parse_position(take_until(text, ' '));
  const auto position = take_until(text, ' ');
  const auto anchor = parse_place(position, take_until(text, ' '));
  if (!watermark || !anchor || anchor->position > *watermark || text.empty() || text.back() == ',') return std::nullopt;
  Progress out;
  out.watermark_ = *watermark;
  out.anchor_ = *anchor;
  if (text != no_text && !out.decode_above(text)) return std::nullopt;
  return out;
}

/// Ranges, then what is behind "@" or "~". False for what encode() cannot have made.
bool Progress::decode_above(std::string_view text) {
  const auto mark = text.find_first_of("@~");
  auto ranges = text.substr(0, mark);
  if (mark != std::string_view::npos && text[mark] == '~' && ranges.ends_with(',')) ranges.remove_suffix(1);
  auto before = watermark_;
  while (!ranges.empty()) {
    const bool more = ranges.find(',') != std::string_view::npos;
    const auto range = parse_range(take_until(ranges, ','), before);
    if (!range || above_.size() == ranges_max || (more && ranges.empty())) return false;
    above_.push_back({.range = *range});
    before = range->last;
  }
  if (mark == std::string_view::npos) return true;
  const auto rest = text.substr(mark + 1);
  if (text[mark] == '~') {
    unknown_ = parse_position(rest).value_or(0);
    return unknown_ > before;
  }
  const auto id = EventId::parse(rest);
  if (!id || above_.empty()) return false;
  above_.back().last = {.position = before, .id = *id};
  return true;
}

}  // namespace annals::outbox
