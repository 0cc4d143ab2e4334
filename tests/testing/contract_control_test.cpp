// The negative control of the contract suites: an adapter that breaks a clause must fail the case that holds it.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <ostream>
#include <string>

namespace annals::tests {
namespace {

struct Breach {
  const char* test;
  const char* adapter;
};

void PrintTo(const Breach& breach, std::ostream* out) { *out << breach.test; }

/// Exit status of the one case: 0 passed, 1 failed.
int run(const std::string& filter) {
  const auto command = std::string{ANNALS_CONTRACT_BREAKERS} + " --gtest_filter=" + filter + " >/dev/null 2>&1";
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class ContractControl : public ::testing::TestWithParam<Breach> {};

TEST_P(ContractControl, FailsTheBreach) {
  const auto& [test, adapter] = GetParam();
  EXPECT_EQ(run("Broken/" + std::string{test} + "/" + adapter), 1);
}

INSTANTIATE_TEST_SUITE_P(
    Sinks, ContractControl,
    ::testing::Values(Breach{"SinkContract.KeepsTheOrderOfEachKey", "reorders"},
                      Breach{"SinkContract.ReportsEveryAcceptedMessageExactlyOnce", "reports_twice"},
                      Breach{"SinkContract.ReportsEveryAcceptedMessageExactlyOnce", "drops_reports"},
                      Breach{"SinkContract.CopiesWhatItIsGiven", "keeps_views"},
                      Breach{"SinkContract.PushesBackWhenFullAndLosesNothing", "never_full"},
                      Breach{"SinkContract.NothingOvertakesAMessageThatFailed", "overtakes"},
                      Breach{"SinkContract.CarriesAnyBytes", "cuts_payload"},
                      Breach{"SinkContract.PollAppends", "clears"}),
    [](const auto& breach) { return std::string{breach.param.adapter}; });

INSTANTIATE_TEST_SUITE_P(Sources, ContractControl,
                         ::testing::Values(Breach{"SourceContract.GivesEverythingOnceAndEachPartitionInOrder",
                                                  "reverses"},
                                           Breach{"SourceContract.ReturnsAtMostWhatWasAsked", "gives_more"},
                                           Breach{"SourceContract.ClearsWhatItIsGiven", "keeps_old"},
                                           Breach{"SourceContract.DoesNotGiveAgainWhatWasCommitted", "forgets_commit"},
                                           Breach{"SourceContract.GivesAgainWhatWasNotCommitted", "commits_on_receive"},
                                           Breach{"SourceContract.CommitsOnlyWhatWasReceived", "commits_too_much"},
                                           Breach{"SourceContract.CarriesKeyIdTypeAndPayload", "cuts_payload"}),
                         [](const auto& breach) { return std::string{breach.param.adapter}; });

INSTANTIATE_TEST_SUITE_P(
    MessageSources, ContractControl,
    ::testing::Values(Breach{"MessageSourceContract.GivesEverythingInOrderAndCountsIt", "reverses"},
                      Breach{"MessageSourceContract.PassesWhatWasRolledBack", "positions"},
                      Breach{"MessageSourceContract.GoesOnRightAfterTheCursorOfAnyTicket", "repeats"},
                      Breach{"MessageSourceContract.GoesOnRightAfterTheCursorOfAnyTicket", "one_too_far"},
                      Breach{"MessageSourceContract.LeavesNothingOutThatIsCommittedLate", "passes_open"},
                      Breach{"MessageSourceContract.DoesNotTakeTheEndForFinalWhileATransactionIsOpen", "guesses_end"},
                      Breach{"MessageSourceContract.RefusesTheCursorOfAnotherHistory", "trusts_anybody"},
                      Breach{"MessageSourceContract.RefusesWhatIsNoCursor", "trusts_anybody"},
                      Breach{"MessageSourceContract.FindsAMessageAgain", "finds_next"},
                      Breach{"MessageSourceContract.GivesWhatComesLaterWithoutHole", "never_wakes"},
                      Breach{"MessageSourceContract.StartsAtTheEndWhenToldTo", "ignores_start"},
                      Breach{"MessageSourceContract.StartsAfterAPosition", "ignores_start"},
                      Breach{"MessageSourceContract.CanBeStartedAgain", "one_too_far"},
                      Breach{"MessageSourceContract.KnowsTheTicketsThatWereNotForgotten", "one_too_far"}),
    [](const auto& breach) {
      const std::string test{breach.param.test};
      return test.substr(test.find('.') + 1) + "_" + breach.param.adapter;
    });

INSTANTIATE_TEST_SUITE_P(
    Destinations, ContractControl,
    ::testing::Values(Breach{"DestinationContract.FindsWhatWasCommittedLast", "forgets"},
                      Breach{"DestinationContract.ShutsAPredecessorOut", "never_fences"},
                      Breach{"DestinationContract.LetsOneOfTwoNewcomersBegin", "never_fences"},
                      Breach{"DestinationContract.KeepsNamesApartAndTellsANewcomerOfThem", "mixes_names"},
                      Breach{"DestinationContract.KeepsNamesApartAndTellsANewcomerOfThem", "hides_others"},
                      Breach{"DestinationContract.DeliversWhatIsSentBeforeItIsCommitted", "drops_messages"},
                      Breach{"DestinationContract.KnowsNothingBeforeTheFirstCommit", "commits_on_open"},
                      Breach{"DestinationContract.GoesOnFromWhatAPredecessorCommitted", "stays_shut"}),
    [](const auto& breach) {
      const std::string test{breach.param.test};
      return test.substr(test.find('.') + 1) + "_" + breach.param.adapter;
    });

TEST(ContractControl, PassesWhereTheBreachDoesNotMatter) {
  EXPECT_EQ(run("Broken/SinkContract.PollWithoutMessagesReportsNothingAndReturns/reorders"), 0);
  EXPECT_EQ(run("Broken/SourceContract.ReturnsWhenNothingComes/reverses"), 0);
  EXPECT_EQ(run("Broken/MessageSourceContract.IsCaughtUpWhenThereIsNoMore/reverses"), 0);
  EXPECT_EQ(run("Broken/DestinationContract.MayBePolledBeforeItIsOpened/forgets"), 0);
}

}  // namespace
}  // namespace annals::tests
