// SPDX-License-Identifier: Apache-2.0
// Kills a process at every system call of a change, before the call and after it, and looks at what is left.
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ptrace.h>

#include <csignal>

#include "registry/bundles.h"
#include "registry/temporary_store.h"

namespace slipway::registry {
namespace {

using testing::AnyOf;
using testing::Contains;
using testing::Eq;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

enum class End : std::uint8_t { kKilled, kDone, kFailed, kNotPermitted };

constexpr int kNotPermittedExit = 77;

pid_t start_traced(const std::function<bool()>& work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(kNotPermittedExit);
  ::raise(SIGSTOP);
  ::_exit(work() ? 0 : 1);
}

// Runs `work` in a child and kills it at the given stop: an entry into a system call, or the return from it.
End run_and_kill(const std::function<bool()>& work, int stop) {
  const pid_t child = start_traced(work);
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) return End::kNotPermitted;
  ::ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  for (int stops = 0;;) {
    if (::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr) != 0) return End::kNotPermitted;
    if (::waitpid(child, &status, 0) != child) return End::kNotPermitted;
    if (WIFEXITED(status)) return WEXITSTATUS(status) == 0 ? End::kDone : End::kFailed;
    if (WIFSIGNALED(status)) return End::kFailed;
    if (WSTOPSIG(status) != (SIGTRAP | 0x80) || stops++ < stop) continue;
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
    return End::kKilled;
  }
}

// Are the bytes those that were published?
bool is_whole(const Catalog& catalog, const std::string& id) {
  bool whole = catalog.bundle_files(id).has_value();
  for (const BundleFiles::File& file : bundle(id.front()).files) {
    const auto there = catalog.bundle_file(id, file.name, 10000);
    whole = whole && there && file.bytes == there->bytes();
  }
  return whole;
}

// "churn:1=a churn:2=b production=1": versions with the bundles that they have, whole, then the aliases. A bundle that
// no version has may lack its manifest; if it has one, it is whole.
std::string state_of(TemporaryStore& store) {
  Catalog catalog(*store);
  std::string out;
  const auto models = catalog.models();
  if (!models) return models.error().code() == Code::kNotFound ? "" : models.error().message();
  for (const ModelState& model : *models) {
    for (const Error& problem : model.problems) out += problem.message() + " ";
    for (const Version& version : model.versions) {
      const std::string content = is_whole(catalog, version.bundle) ? version.bundle.substr(0, 1) : "broken";
      out += version.text() + "=" + content + " ";
    }
    for (const Alias& alias : model.aliases) out += fmt::format("{}={} ", alias.name, alias.entry.version);
  }
  const auto bundles = store->list("bundles");
  if (!bundles) return bundles.error().message();
  for (const Store::Entry& entry : *bundles) {
    if (catalog.bundle_files(entry.name) && !is_whole(catalog, entry.name)) out += "half a bundle " + entry.name;
  }
  return out;
}

// One change, from the state that `prepare` makes: what is found after a kill is `before` or `after`, nothing else,
// and `repeat` leads to `after` from either.
struct Change {
  std::function<void(Catalog&)> prepare;
  std::function<bool(Catalog&)> change;
  std::string before, after;
  std::function<bool(Catalog&, bool was_done)> repeat;
  std::function<void(TemporaryStore&)> then = nullptr;
};

void kill_everywhere(const Change& change) {
  std::set<std::string> seen;
  int stop = 0;
  for (;; ++stop) {
    ASSERT_LT(stop, 5000) << "no end of system calls";
    TemporaryStore store;
    change.prepare(store.catalog());
    const End end = run_and_kill([&] { return change.change(store.catalog()); }, stop);
    if (end == End::kNotPermitted) GTEST_SKIP() << "ptrace is not permitted here";
    ASSERT_NE(end, End::kFailed);
    Catalog fresh(*store);
    const std::string found = state_of(store);
    ASSERT_THAT(found, AnyOf(Eq(change.before), Eq(change.after))) << "killed at stop " << stop;
    if (end == End::kDone) ASSERT_EQ(found, change.after);
    seen.insert(found);
    if (end == End::kDone) break;
    ASSERT_TRUE(change.repeat(fresh, found == change.after)) << "killed at stop " << stop;
    ASSERT_EQ(state_of(store), change.after) << "killed at stop " << stop;
    if (change.then) change.then(store);
  }
  EXPECT_EQ(seen.size(), 2u) << "both states must have been seen";
  EXPECT_GT(stop, 50) << "a change has more system calls than that";
  fmt::print("killed at {} places\n", stop);
}

bool publish(Catalog& catalog, std::string_view name, char digit, const std::string& label = {}) {
  return catalog.publish(name, bundle(digit), labelled(label)).has_value();
}

bool promote(Catalog& catalog, const char* reference) {
  return catalog.promote(reference, "production", "ana", "").has_value();
}

TEST(Killed, PublishLeavesNoVersionOrAWholeOne) {
  kill_everywhere({
      .prepare = [](Catalog& catalog) { publish(catalog, "churn", 'a'); },
      .change = [](Catalog& catalog) { return publish(catalog, "churn", 'b', "v2"); },
      .before = "churn:1=a ",
      .after = "churn:1=a churn:2=b ",
      .repeat = [](Catalog& catalog, bool) { return publish(catalog, "churn", 'b', "v2"); },
  });
}

TEST(Killed, TheFirstPublishLeavesNoStoreOrAGoodOne) {
  kill_everywhere({
      .prepare = [](Catalog& catalog) { ASSERT_FALSE(catalog.models()); },
      .change = [](Catalog& catalog) { return publish(catalog, "churn", 'a', "v1"); },
      .before = "",
      .after = "churn:1=a ",
      .repeat = [](Catalog& catalog, bool) { return publish(catalog, "churn", 'a', "v1"); },
  });
}

TEST(Killed, PublishOfABundleThatIsThereHarmsItNot) {
  kill_everywhere({
      .prepare = [](Catalog& catalog) { publish(catalog, "churn", 'a'); },
      .change = [](Catalog& catalog) { return publish(catalog, "leads", 'a', "v1"); },
      .before = "churn:1=a ",
      .after = "churn:1=a leads:1=a ",
      .repeat = [](Catalog& catalog, bool) { return publish(catalog, "leads", 'a', "v1"); },
  });
}

TEST(Killed, AnImportThatNobodyRepeatsIsCleanedUpByAnother) {
  kill_everywhere({
      .prepare = [](Catalog& catalog) { publish(catalog, "churn", 'a'); },
      .change = [](Catalog& catalog) { return publish(catalog, "churn", 'b'); },
      .before = "churn:1=a ",
      .after = "churn:1=a churn:2=b ",
      .repeat = [](Catalog& catalog, bool was_done) { return was_done || publish(catalog, "churn", 'b'); },
      .then =
          [](TemporaryStore& store) {
            ASSERT_TRUE(store.catalog().remove("churn:2", {}));
            store.ahead_ms = kImportingLeaseMs + 60'000;
            ASSERT_TRUE(publish(store.catalog(), "churn", 'a'));
            EXPECT_THAT(store.files(), Not(Contains(StartsWith("locks"))));
            EXPECT_THAT(store.files(), Not(Contains(HasSubstr("bbbb"))));
          },
  });
}

TEST(Killed, PromoteMovesTheAliasOrDoesNot) {
  kill_everywhere({
      .prepare =
          [](Catalog& catalog) {
            publish(catalog, "churn", 'a');
            publish(catalog, "churn", 'b');
            promote(catalog, "churn:1");
          },
      .change = [](Catalog& catalog) { return promote(catalog, "churn:2"); },
      .before = "churn:1=a churn:2=b production=1 ",
      .after = "churn:1=a churn:2=b production=2 ",
      .repeat = [](Catalog& catalog, bool) { return promote(catalog, "churn:2"); },
      .then = [](TemporaryStore& store) { EXPECT_EQ(store.catalog().history("churn", "production")->size(), 2u); },
  });
}

TEST(Killed, RollbackMovesTheAliasOrDoesNot) {
  const auto rollback = [](Catalog& catalog) { return catalog.rollback("churn", "production", "ana", "").has_value(); };
  kill_everywhere({
      .prepare =
          [](Catalog& catalog) {
            publish(catalog, "churn", 'a');
            publish(catalog, "churn", 'b');
            promote(catalog, "churn:1");
            promote(catalog, "churn:2");
          },
      .change = rollback,
      .before = "churn:1=a churn:2=b production=2 ",
      .after = "churn:1=a churn:2=b production=1 ",
      .repeat = [&](Catalog& catalog, bool was_done) { return was_done || rollback(catalog); },
      .then = [](TemporaryStore& store) { EXPECT_EQ(store.catalog().history("churn", "production")->size(), 3u); },
  });
}

TEST(Killed, RemoveLeavesTheVersionWholeOrGone) {
  kill_everywhere({
      .prepare =
          [](Catalog& catalog) {
            publish(catalog, "churn", 'a');
            publish(catalog, "churn", 'b');
            promote(catalog, "churn:1");
          },
      .change = [](Catalog& catalog) { return catalog.remove("churn:2", {}).has_value(); },
      .before = "churn:1=a churn:2=b production=1 ",
      .after = "churn:1=a production=1 ",
      .repeat = [](Catalog& catalog, bool) { return catalog.remove("churn:2", {}).has_value(); },
      .then =
          [](TemporaryStore& store) {
            EXPECT_THAT(store.files(), Not(Contains(HasSubstr("bbbb/manifest.json"))));
            EXPECT_THAT(store.files(), Not(Contains(HasSubstr("bbbb/weights"))));
            store.ahead_ms = kRemovingLeaseMs + 60'000;
            ASSERT_TRUE(publish(store.catalog(), "churn", 'b'));  // the number is not used again
            EXPECT_EQ(store.catalog().resolve("churn:3")->bundle.front(), 'b');
          },
  });
}

TEST(Killed, RemoveOfASharedBundleKeepsIt) {
  kill_everywhere({
      .prepare =
          [](Catalog& catalog) {
            publish(catalog, "churn", 'a');
            publish(catalog, "leads", 'a');
          },
      .change = [](Catalog& catalog) { return catalog.remove("churn:1", {}).has_value(); },
      .before = "churn:1=a leads:1=a ",
      .after = "leads:1=a ",
      .repeat = [](Catalog& catalog, bool) { return catalog.remove("churn:1", {}).has_value(); },
  });
}

}  // namespace
}  // namespace slipway::registry
