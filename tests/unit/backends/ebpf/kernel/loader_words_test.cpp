#include "backends/ebpf/kernel/loader_words.h"

#include <gmock/gmock.h>

#include <vector>

namespace sy::ebpf {
namespace {

using testing::ElementsAre;

class Lines : public Log {
  public:
    void write(LogLevel level, std::string_view message) override {
        EXPECT_EQ(level, LogLevel::debug);
        lines.emplace_back(message);
    }
    std::vector<std::string> lines;
};

TEST(LoaderWords, TheEndOfTheVerifiersLogIsTheGist) {
    EXPECT_EQ(gist("libbpf: prog 'sy_connect4': BPF program load failed: Permission denied\n"
                   "libbpf: prog 'sy_connect4': -- BEGIN PROG LOAD LOG --\n"
                   "0: (b7) r0 = 1\n1: (95) exit\n2: R1 is bad\n; source(line);\nit is refused\n"
                   "processed 7 insns (limit 1000000)\n"
                   "-- END PROG LOAD LOG --\n"
                   "libbpf: failed to load object 'switchyard_bpf'\n"),
              "2: R1 is bad / ; source(line); / it is refused");
}

TEST(LoaderWords, WithoutTheVerifierItIsTheLastLines) {
    EXPECT_EQ(gist("libbpf: one\nlibbpf: two\n\nlibbpf: three\nlibbpf: four\n"),
              "two / three / four");
    EXPECT_EQ(gist("libbpf: one"), "one");
    EXPECT_EQ(gist(""), "");
}

TEST(LoaderWords, ALogThatWasCutOffHasAGist) {
    EXPECT_EQ(gist("x\n-- BEGIN PROG LOAD LOG --\none\n"), "one");
}

TEST(LoaderWords, AllGoesToTheLogAndTheGistIntoTheError) {
    Lines log;
    LoaderWords words;
    words.add("libbpf: one\n");
    words.add("libbpf: two\n");
    const std::unexpected<Error> error = words.failed("cannot", 22, log);
    EXPECT_EQ(error.error().what, "cannot (one / two)");
    EXPECT_EQ(error.error().code, 22);
    EXPECT_THAT(log.lines, ElementsAre("libbpf: one", "libbpf: two"));
}

TEST(LoaderWords, SilenceAddsNothing) {
    Lines log;
    EXPECT_EQ(LoaderWords().failed("cannot", 22, log).error().what, "cannot");
}

}  // namespace
}  // namespace sy::ebpf
