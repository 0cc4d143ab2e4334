#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/add_command.hpp"
#include "cli/command_groups.hpp"
#include "cli/commands/projection.hpp"
#include "cli/commands/publishing/outbox_status.hpp"
#include "cli/commands/publishing/own_outbox.hpp"
#include "cli/commands/publishing/relay.hpp"
#include "cli/commands/schema.hpp"
#include "cli/commands/schema_roles.hpp"
#include "cli/doctor/doctor.hpp"

namespace annals::cli {
namespace {

/// An option that may be given several times: each names one more role of the kind.
void add_kind(CLI::App& command, roles::Assignment& assignment, roles::Kind kind, const std::string& description) {
  command
      .add_option_function<std::vector<std::string>>(
          fmt::format("--{}", to_string(kind)),
          [&assignment, kind](const std::vector<std::string>& names) {
            for (const auto& name : names) assignment.holders.push_back({kind, name});
          },
          description)
      ->type_name("ROLE")
      ->allow_extra_args(false);
}

void add_role_options(CLI::App& command, roles::Assignment& assignment) {
  using roles::Kind;
  command.add_option("--owner", assignment.owner, "Owns the schema; the login takes it on (default: the login is it)");
  add_kind(command, assignment, Kind::writer, "Services that append and enqueue");
  add_kind(command, assignment, Kind::outbox_relay, "annals-relay, for the outbox");
  add_kind(command, assignment, Kind::events_relay, "annals-relay, for the events");
  add_kind(command, assignment, Kind::wal_relay, "annals-relay that reads the write-ahead log, for both");
  add_kind(command, assignment, Kind::projector, "Runners of projections");
  add_kind(command, assignment, Kind::consumer, "Services with an inbox");
  add_kind(command, assignment, Kind::claim_reader, "Who reads messages that were published as a claim");
  add_kind(command, assignment, Kind::reader, "People and dashboards: views in a schema of their own");
  add_kind(command, assignment, Kind::operate, "Who skips, adopts and resets");
  add_kind(command, assignment, Kind::doctor, "annals doctor, and whoever looks at everything");
}

void add_schema_roles(CLI::App& schema, Action& action) {
  auto& group = add_group(schema, "roles", "Who may do what: least privilege for every program");
  auto applied = std::make_shared<roles::Assignment>();
  auto* apply = add_command(
      group, action, "apply",
      "Gives each role its rights and takes away what it has beyond; prints what it changed\n\n"
      "  annals schema roles apply --writer shop --outbox-relay shop_relay --doctor ops\n"
      "  annals schema roles apply --owner shop_owner --writer shop --projector shop    the login takes on shop_owner\n"
      "  annals schema roles apply --wal-relay shop_relay                               one that reads the write-ahead "
      "log\n"
      "  annals schema roles apply                                                      annals_writer, annals_relay "
      "...\n\n"
      "The roles must exist. One role may be several things, and one thing may be several roles: repeat the option. "
      "PUBLIC loses what it has. As the owner of the schema, after every schema apply; safe to repeat.",
      apply_roles, applied);
  add_role_options(*apply, *applied);
  auto printed = std::make_shared<roles::Assignment>();
  auto* print = add_command(group, action, "print-sql",
                            "Prints what apply would run, as one transaction; needs no database\n\n"
                            "  annals schema roles print-sql --writer shop --events-relay shop_relay | psql",
                            print_roles_sql, printed);
  add_role_options(*print, *printed);
}

void add_schema(CLI::App& app, Action& action) {
  auto& schema = add_group(app, "schema", "Prepare and check a database");
  auto options = std::make_shared<ApplySchema>();
  auto* apply = add_command(schema, action, "apply",
                            "Creates or upgrades Annals' tables; prints the steps it applied\n\n"
                            "  annals --database postgresql://owner@db/shop schema apply\n"
                            "  annals schema apply --owner shop_owner         the login takes on shop_owner\n\n"
                            "Needs a role that may create in the database. Safe to repeat, and to run from many places "
                            "at once.",
                            apply_schema, options);
  apply->add_option("--owner", options->owner, "Shall own the schema; the login takes it on (default: the login)");
  add_command(schema, action, "validate",
              "Checks that the database is as this program needs it; exit code 5 when not\n\n"
              "  annals schema validate && systemctl start shop",
              validate_schema);
  add_command(schema, action, "print-sql",
              "Prints the whole schema as SQL; needs no database\n\n"
              "  annals schema print-sql >schema.sql",
              print_schema_sql);
  add_schema_roles(schema, action);
}

template <class Options>
void add_log(CLI::App& command, Options& options) {
  command.add_option("--log", options.log, "outbox, events, changes, or a table of [[own_outbox]]")
      ->capture_default_str();
}

void add_own_outbox(CLI::App& relay, Action& action) {
  add_command(
      relay, action, "check",
      "Says what the tables of [[own_outbox]] lack, and the SQL that mends it; exit code 5 when something does\n\n"
      "  annals relay check --config relay.toml\n"
      "  annals -o json relay check --config relay.toml | jq -r '.[] | select(.status == \"fail\").remedy + \";\"'\n\n"
      "With the rights of the relay's role, as which its configuration connects. Changes nothing.",
      check_own_outboxes);
  auto over = std::make_shared<RelayTakeOver>();
  auto* taking = add_command(
      relay, action, "take-over",
      "Has a relay go on where the reader of a replication slot, such as Debezium's connector, has come to\n\n"
      "  annals relay take-over shop --config relay.toml --log shop.outboxevent --slot debezium --yes\n\n"
      "While that reader runs. Waits until it has published everything that is there now, and gives the relay, which "
      "must not run yet, its checkpoint there. Then stop the reader and start the relay: what was "
      "published in between is published once more.",
      take_over_slot, over);
  taking->add_option("NAME", over->relay, "Name of the relay")->required();
  taking->add_option("--log", over->log, "The table, with its schema")->required();
  taking->add_option("--slot", over->slot, "The slot that is read today")->required();
  taking->add_option("--wait", over->wait_s, "Seconds at most")->check(CLI::Range(1, 86'400))->capture_default_str();
  taking->add_flag("--yes", over->yes, "Do it");
}

void add_relay_skip(CLI::App& relay, Action& action) {
  auto options = std::make_shared<RelaySkip>();
  auto* skip =
      add_command(relay, action, "skip",
                  "Gives up one message that can never be published; the halted relay names this command\n\n"
                  "  annals relay skip shop --log outbox --position 6001 "
                  "--id 0192f3a0-0000-7000-8000-000000000001 --reason 'topic is gone'\n\n"
                  "Everything before and after it is published, in order. Who decided it, when and why is kept "
                  "in relay_decisions.\n"
                  "Refused while the relay runs, when it is past the message, and when another message is there.",
                  skip_relay_message, options);
  skip->add_option("NAME", options->relay, "Name of the relay")->required();
  add_log(*skip, *options);
  skip->add_option("--position", options->position, "Position of the message")->required()->check(at_least(1));
  skip->add_option("--id", options->id, "Id of the message")->required();
  skip->add_option("--reason", options->reason, "Why, for whoever finds the hole")->required();
}

void add_relay_forget(CLI::App& relay, Action& action) {
  auto options = std::make_shared<RelayForget>();
  auto* forget =
      add_command(relay, action, "forget",
                  "Removes the checkpoint of a relay that will never run again\n\n"
                  "  annals relay forget old_shop --yes\n\n"
                  "While it is there, no message after it is dropped from the outbox. A relay of that name that "
                  "starts later begins like a new one.\n"
                  "Refused while a relay of that name runs, has a slot, or has messages that wait for a decision.",
                  forget_relay, options);
  forget->add_option("NAME", options->relay, "Name of the relay")->required();
  add_log(*forget, *options);
  forget->add_flag("--yes", options->yes, "Do it");
}

void add_relay_repair(CLI::App& relay, Action& action) {
  auto options = std::make_shared<RelayRepair>();
  auto* repair = add_command(
      relay, action, "repair",
      "Says whether a relay's checkpoint belongs to this database, and what can be done when not\n\n"
      "  annals relay repair shop\n"
      "  annals --config /etc/annals/relay.toml relay repair shop --log events    asks the broker, too\n\n"
      "After a restore, a fail-over or a loss at the broker, when the relay halts with exit code 5. Changes "
      "nothing: each choice names the command that makes it.\n"
      "The checkpoint of a relay that publishes exactly once is at the broker: give the relay's configuration.",
      examine_relay, options);
  repair->add_option("NAME", options->relay, "Name of the relay")->required();
  add_log(*repair, *options);
}

void add_relay_shards(CLI::App& relay, Action& action) {
  auto* instances = add_command(relay, action, "instances",
                                "Shows the processes of relays\n\n"
                                "  annals relay instances\n"
                                "  annals --config /etc/annals/relay.toml relay instances    of all its databases",
                                show_relay_instances);
  let_take_many(*instances, action);
  auto options = std::make_shared<RelayShards>();
  auto* shards = add_command(
      relay, action, "shards",
      "Shows or changes into how many shards a relay divides its log\n\n"
      "  annals relay shards shop\n"
      "  annals relay shards shop --log events --set 4\n\n"
      "The relay's processes carry it out while they run: nothing is lost or repeated, and keys keep their order.",
      change_relay_shards, options);
  let_take_many(*shards, action);
  shards->add_option("NAME", options->relay, "Name of the relay")->required();
  add_log(*shards, *options);
  shards->add_option("--set", options->number, "So many, 1 to 64")->check(at_least(1));
}

void add_relay(CLI::App& app, Action& action) {
  auto& relay = add_group(app, "relay", "Relays: who publishes, how far, how late");
  auto* status = add_command(relay, action, "status",
                             "Shows every relay's checkpoint, lag and owner\n\n"
                             "  annals relay status\n"
                             "  annals -o json relay status | jq '.[] | select(.lag > 1000)'\n"
                             "  annals --config /etc/annals/relay.toml relay status    of all its databases",
                             show_relay_status);
  let_take_many(*status, action);
  auto options = std::make_shared<RelayAdopt>();
  auto* adopt = add_command(relay, action, "adopt",
                            "Declares that a relay's checkpoint belongs to this database, after a restore\n\n"
                            "  annals relay adopt shop --yes\n"
                            "  annals relay adopt shop --log events --position 120000 --yes\n\n"
                            "What is at or below the position is never published again; what is above it is published, "
                            "again if it was before.\n"
                            "Refused while a relay of that name runs.",
                            adopt_relay, options);
  adopt->add_option("NAME", options->relay, "Name of the relay")->required();
  add_log(*adopt, *options);
  adopt->add_option("--position", options->position, "New position (default: the recorded one)")->check(at_least(0));
  adopt->add_flag("--yes", options->yes, "Do it");
  add_own_outbox(relay, action);
  add_relay_forget(relay, action);
  add_relay_repair(relay, action);
  add_relay_shards(relay, action);
  add_relay_skip(relay, action);
}

void add_projection_adopt(CLI::App& projection, Action& action) {
  auto options = std::make_shared<ProjectionAdopt>();
  auto* adopt = add_command(
      projection, action, "adopt",
      "Declares that a projection's checkpoint and read model belong to this database, after a restore\n\n"
      "  annals projection adopt order_summary --yes\n"
      "  annals projection adopt order_summary --projection-version 2 --position 120000 --yes\n\n"
      "Its runner goes on after the position: what is at or below it is never applied again, what is above "
      "it is applied.\n"
      "Refused while its runner runs, and when the read model is ahead of the log and no position is given; "
      "then a reset\n"
      "rebuilds it from the log.",
      adopt_projection, options);
  adopt->add_option("NAME", options->name, "Name of the projection")->required();
  adopt->add_option("--projection-version", options->version, "Its version")->capture_default_str();
  adopt->add_option("--position", options->position, "What the read model holds (default: the recorded position)")
      ->check(at_least(0));
  adopt->add_flag("--yes", options->yes, "Do it");
}

void add_ownerless_max(CLI::App& command, ProjectionWait& options) {
  command.add_option("--ownerless-max", options.ownerless_max_s, "Seconds for which nobody may run it")
      ->check(CLI::Range(0, 86'400))
      ->capture_default_str();
}

void add_projection_wait(CLI::App& projection, Action& action) {
  auto options = std::make_shared<ProjectionWait>();
  auto* wait = add_command(projection, action, "wait",
                           "Waits until a read model holds what the log has now, and shows how far it is\n\n"
                           "  annals projection wait order_summary --projection-version 2 && switch-readers-over\n\n"
                           "Exit code 3 when nobody runs it.",
                           wait_for_projection, options);
  wait->add_option("NAME", options->name, "Name of the projection")->required();
  wait->add_option("--projection-version", options->version, "Its version")->capture_default_str();
  add_ownerless_max(*wait, *options);
}

void add_projection(CLI::App& app, Action& action) {
  auto& projection = add_group(app, "projection", "Read models: how far, how late, rebuild");
  add_command(projection, action, "list",
              "Shows every projection's checkpoint, lag and owner\n\n"
              "  annals projection list\n"
              "  annals -o json projection list | jq '.[] | select(.lag > 1000)'",
              list_projections);
  auto options = std::make_shared<ProjectionReset>();
  auto* reset = add_command(projection, action, "reset",
                            "Asks a projection's runner to empty the read model and to replay from zero\n\n"
                            "  annals projection reset order_summary --yes\n"
                            "  annals projection reset order_summary --projection-version 2 --yes --wait\n\n"
                            "Readers see an empty, then a growing read model until it has caught up.",
                            reset_projection, options);
  reset->add_option("NAME", options->name, "Name of the projection")->required();
  reset->add_option("--projection-version", options->version, "Its version")->capture_default_str();
  reset->add_flag("--yes", options->yes, "Do it");
  reset->add_flag("--wait", options->wait, "Wait until it has caught up again, as projection wait does");
  add_ownerless_max(*reset, *options);
  add_projection_adopt(projection, action);
  add_projection_wait(projection, action);
}

}  // namespace

void add_operation_commands(CLI::App& app, Action& action) {
  add_schema(app, action);
  auto& outbox = add_group(app, "outbox", "Messages to be published");
  add_command(outbox, action, "status",
              "Shows the size of the outbox and the age of its oldest unpublished message\n\n"
              "  annals outbox status\n"
              "  annals -o json outbox status | jq .oldest_unpublished_age_ms",
              show_outbox_status);
  add_retention_commands(outbox, action);
  add_emission_commands(outbox, action);
  add_parked_commands(outbox, action);
  add_relay(app, action);
  add_projection(app, action);
  add_command(app, action, "doctor",
              "Checks the server, the schema, open transactions and relays; exit code 5 when a check fails\n\n"
              "  annals doctor\n"
              "  annals -o json doctor | jq '.[] | select(.status != \"ok\")'",
              run_doctor);
}

}  // namespace annals::cli
