#include <CLI/CLI.hpp>
#include <memory>

#include "cli/add_command.hpp"
#include "cli/command_groups.hpp"
#include "cli/commands/publishing/outbox_parked.hpp"

namespace annals::cli {
namespace {

void add_of(CLI::App& command, ParkedOf& of) {
  command.add_option("NAME", of.relay, "Name of the relay")->required();
  command.add_option("--log", of.log, "outbox, events, changes or a table of the service's own")->capture_default_str();
}

void add_position(CLI::App& command, std::int64_t& position) {
  command.add_option("--position", position, "Position of the message")->required()->check(at_least(1));
}

void add_reason(CLI::App& command, std::string& reason) {
  command.add_option("--reason", reason, "Why, for the record")->required();
}

void add_looking(CLI::App& parked, Action& action) {
  auto list = std::make_shared<ParkedList>();
  auto* listing =
      add_command(parked, action, "list",
                  "Shows what a relay set aside, in the order of each key\n\n"
                  "  annals outbox parked list shop\n"
                  "  annals -o json outbox parked list shop --topic orders --key order-42\n\n"
                  "\"stuck\": cannot be published, see the reason. \"waits\": behind one of its key that is stuck.",
                  list_parked, list);
  add_of(*listing, *list);
  listing->add_flag("--all", list->all, "Those that were published or given up, too");
  listing->add_option("--topic", list->topic, "Of this topic only");
  listing->add_option("--key", list->key, "Of this key only");
  listing->add_option("--limit", list->limit, "No more than so many")->capture_default_str()->check(at_least(1));
  auto show = std::make_shared<ParkedShow>();
  auto* showing = add_command(parked, action, "show",
                              "Shows all of one message that was set aside, and what was decided about it\n\n"
                              "  annals outbox parked show shop --position 6001",
                              show_parked, show);
  add_of(*showing, *show);
  add_position(*showing, show->position);
}

void add_deciding(CLI::App& parked, Action& action) {
  auto retry = std::make_shared<ParkedDecide>();
  auto* retrying =
      add_command(parked, action, "retry",
                  "Has one message published, once its cause is mended, and then what waits behind it\n\n"
                  "  annals outbox parked retry shop --position 6001 --reason 'topic made'\n\n"
                  "The relay does it within a second or so. If it is refused again, it is set aside again.",
                  retry_parked, retry);
  auto skip = std::make_shared<ParkedDecide>();
  auto* skipping = add_command(parked, action, "skip",
                               "Gives one message up for good; what waits behind it is published\n\n"
                               "  annals outbox parked skip shop --position 6001 --reason 'a test'\n\n"
                               "Who decided it, when and why is kept in relay_decisions.",
                               skip_parked, skip);
  for (const auto& [command, options] : {std::pair{retrying, retry}, {skipping, skip}}) {
    add_of(*command, *options);
    add_position(*command, options->position);
    add_reason(*command, options->reason);
  }
}

void add_changing(CLI::App& parked, Action& action) {
  auto release = std::make_shared<ParkedRelease>();
  auto* releasing =
      add_command(parked, action, "release",
                  "Has everything of a key published, in order, once the cause is mended\n\n"
                  "  annals outbox parked release shop --topic orders --key order-42 --reason 'topic made'",
                  release_parked, release);
  add_of(*releasing, *release);
  releasing->add_option("--topic", release->topic, "The topic")->required();
  releasing->add_option("--key", release->key, "The key; of events the name of the stream")->required();
  add_reason(*releasing, release->reason);
  auto headers = std::make_shared<ParkedHeaders>();
  auto* editing =
      add_command(parked, action, "edit-headers",
                  "Changes the headers with which a message is published when it is tried again\n\n"
                  "  annals outbox parked edit-headers shop --position 6001 --remove trace --set tenant=shop "
                  "--reason 'wrong tenant'",
                  edit_parked_headers, headers);
  add_of(*editing, *headers);
  add_position(*editing, headers->position);
  editing->add_option("--set", headers->set, "name=value; may be repeated")->allow_extra_args(false);
  editing->add_option("--remove", headers->remove, "Name; may be repeated")->allow_extra_args(false);
  add_reason(*editing, headers->reason);
}

}  // namespace

void add_parked_commands(CLI::App& outbox, Action& action) {
  auto& parked = add_group(outbox, "parked", "Messages that could not be published and were set aside");
  add_looking(parked, action);
  add_deciding(parked, action);
  add_changing(parked, action);
}

}  // namespace annals::cli
