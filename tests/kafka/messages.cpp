#include "messages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <set>

namespace annals::tests {

outbox::MessageView TestMessage::view() const {
  outbox::MessageView view;
  view.ticket = view.position = position;
  view.topic = topic;
  view.key = key;
  view.id = id;
  view.type = "annals.test.Numbered";
  view.content_type = ContentType::octet_stream;
  view.payload = payload;
  view.time = Timestamp{std::chrono::seconds{1'800'000'000}};
  return view;
}

std::vector<TestMessage> numbered(const std::string& topic, std::int64_t count, std::int64_t keys) {
  std::vector<TestMessage> messages;
  for (std::int64_t i = 1; i <= count; ++i) {
    messages.push_back({.position = i,
                        .topic = topic,
                        .key = "key-" + std::to_string(i % keys),
                        .payload = std::to_string(i),
                        .id = EventId::generate()});
  }
  return messages;
}

void poll_into(kafka::KafkaSink& sink, Outcome& outcome, std::chrono::milliseconds wait) {
  std::vector<outbox::Delivery> deliveries;
  sink.poll(wait, deliveries);
  for (auto& delivery : deliveries) {
    const auto position = delivery.ticket;
    EXPECT_TRUE(outcome.emplace(position, std::move(delivery)).second) << "reported twice: " << position;
  }
}

void drain(kafka::KafkaSink& sink, Outcome& outcome, std::chrono::milliseconds wait) {
  const auto deadline = std::chrono::steady_clock::now() + wait;
  while (sink.queued().messages > 0 && std::chrono::steady_clock::now() < deadline) {
    poll_into(sink, outcome, std::chrono::milliseconds{100});
  }
}

Outcome send_all(kafka::KafkaSink& sink, const std::vector<TestMessage>& messages) {
  Outcome outcome;
  for (const auto& message : messages) {
    while (sink.send(message.view()) == outbox::Sink::Send::full) {
      poll_into(sink, outcome, std::chrono::milliseconds{100});
    }
  }
  drain(sink, outcome);
  return outcome;
}

std::size_t delivered_count(const Outcome& outcome) {
  return static_cast<std::size_t>(
      std::ranges::count_if(outcome, [](const auto& entry) { return entry.second.delivered(); }));
}

std::vector<std::string> keys_out_of_order(const std::vector<Record>& records) {
  std::map<std::string, std::set<std::int64_t>> seen;
  std::vector<std::string> wrong;
  for (const auto& record : records) {
    auto& numbers = seen[record.key];
    const auto [place, first_time] = numbers.insert(std::stoll(record.value));
    if (first_time && std::next(place) != numbers.end()) wrong.push_back(record.key);
  }
  return wrong;
}

}  // namespace annals::tests
