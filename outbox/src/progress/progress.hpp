#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "annals/outbox/message_source.hpp"

namespace annals::outbox {

/// Which positions of a log are published, when they are not published in the order of positions. progress.cpp opens with the
/// invariant. A value; no I/O.
///
/// Limits         ranges_max ranges. Of more the highest are forgotten, and it is exact() no more until the watermark is past them.
class Progress {
 public:
  using Place = MessageSource::Place;
  struct Range {
    std::int64_t first = 0;
    std::int64_t last = 0;
    bool operator==(const Range&) const = default;
  };

  Progress() = default;
  /// Everything up to this message is published, and nothing after it.
  explicit Progress(const Place& anchor) : watermark_(anchor.position), anchor_(anchor) {}

  /// The message at `place` is published.
  void add(const Place& place);
  /// No message is at these positions, nor will be.
  void close(const Range& hole);
  [[nodiscard]] bool contains(std::int64_t position) const;

  /// Everything up to `horizon` is published, or never was a message; `last` is the last of these messages, if there is one.
  void settle(std::int64_t horizon, const Place& last = {});

  /// Everything at or below is published, or never was a message.
  [[nodiscard]] std::int64_t watermark() const noexcept { return watermark_; }
  /// The last message at or below the watermark that is known by its id; by it the history is recognised.
  [[nodiscard]] const Place& anchor() const noexcept { return anchor_; }
  /// False: there are positions above the ranges of which it is not known any more whether they are published.
  [[nodiscard]] bool exact() const noexcept { return unknown_ == 0; }
  /// The last position that is published.
  [[nodiscard]] std::int64_t top() const noexcept;
  /// The message there, when it is known by its id; of none otherwise.
  [[nodiscard]] Place top_place() const noexcept;
  /// Forgets that there was more above the ranges: who goes on from here gives it again.
  void drop_unknown() noexcept { unknown_ = 0; }
  /// How many ranges there are above the watermark; before each is a hole.
  [[nodiscard]] std::size_t ranges() const noexcept { return above_.size(); }
  /// The holes up to `limit`, at most `count` of them, the lowest first.
  [[nodiscard]] std::vector<Range> holes(std::int64_t limit, std::size_t count) const;
  /// All of them, and what is above the ranges.
  [[nodiscard]] std::vector<Range> holes_and_rest() const;

  /// Watermark, anchor and ranges as ASCII without spaces in a field: "WATERMARK POSITION ID RANGES"; "-" for no id and for no
  /// range; a range is its distance from the one before, then how many positions follow its first; behind "@" the id of the last
  /// message, and what is not known ends at the position behind "~": "3+0,2+17@ID", "3+0,2+17,~99".
  [[nodiscard]] std::string encode() const;
  /// Nothing for what encode() cannot have made.
  [[nodiscard]] static std::optional<Progress> decode(std::string_view text);

  bool operator==(const Progress&) const = default;

  static constexpr std::size_t ranges_max = 4'096;

 private:
  /// Above the watermark, sorted, with a hole before each.
  struct Published {
    Range range;
    Place last = {};  ///< of the messages in it whose id is known
    bool operator==(const Published&) const = default;
  };
  [[nodiscard]] bool decode_above(std::string_view text);
  void insert(const Range& range, const Place& last);
  void absorb();
  void bound();

  std::int64_t watermark_ = 0;
  Place anchor_;
  std::vector<Published> above_;
  std::int64_t unknown_ = 0;  // up to here some are published that are in no range; 0: none
};

}  // namespace annals::outbox
