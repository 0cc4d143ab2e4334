#include <CLI/CLI.hpp>
#include <memory>

#include "cli/add_command.hpp"
#include "cli/command_groups.hpp"
#include "cli/commands/publishing/outbox_emission.hpp"

namespace annals::cli {

void add_emission_commands(CLI::App& outbox, Action& action) {
  auto options = std::make_shared<Emission>();
  auto* emission = add_command(
      outbox, action, "emission",
      "Shows or changes whether messages may be written into the write-ahead log alone, without the table\n\n"
      "  annals outbox emission           which slots must have them, and whether these are there\n"
      "  annals outbox emission on        every relay of the outbox reads the log (source = \"wal\")\n"
      "  annals outbox emission off       relays go on reading the log for what was emitted before\n"
      "  annals outbox emission off --give-up\n\n"
      "What is emitted is in no other place until it is published: who loses a relay's slot loses it. So writers are "
      "refused "
      "while a slot is gone, and exit code 5 says so here. --give-up is the way out after such a loss: it accepts it.",
      set_emission, options);
  emission->add_option("CHANGE", options->change, "on or off (default: only show)")
      ->check(CLI::IsMember({"on", "off"}));
  emission->add_flag("--give-up", options->give_up, "With off: nothing that is not published yet is waited for");
}

}  // namespace annals::cli
