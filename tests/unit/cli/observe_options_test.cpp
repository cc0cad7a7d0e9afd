#include "cli/observe_options.h"

#include <gmock/gmock.h>

namespace sy {
namespace {

Result<ObserveOptions> load(std::vector<const char*> words) {
    const auto flags = parse_flags(words, observe_flag_specs());
    EXPECT_TRUE(flags) << (flags ? "" : flags.error().what);
    return load_observe_options(flags.value_or(Flags{}));
}

std::string refusal(const char* word) {
    const auto options = load({word});
    return options ? "accepted" : options.error().message();
}

TEST(ObserveOptions, NothingGivenMeansEverything) {
    const auto options = load({});
    ASSERT_TRUE(options);
    EXPECT_EQ(options->bpf_root, "/sys/fs/bpf/switchyard");
    EXPECT_EQ(options->filter, ObserveFilter{});
    EXPECT_FALSE(options->json);
    EXPECT_EQ(options->count, 0U);
}

TEST(ObserveOptions, TakesWhatIsGiven) {
    const auto options =
        load({"--service=shop/web", "--namespace", "shop", "--process=curl", "--cgroup=/a",
              "--address=fd00::1", "--refused", "-o", "json", "--count=5", "--bpf-root=/b",
              "--cgroup-root=/c", "--log-format=json"});
    ASSERT_TRUE(options) << options.error().message();
    EXPECT_EQ(options->filter, (ObserveFilter{.service = "shop/web",
                                              .ns = "shop",
                                              .process = "curl",
                                              .cgroup = "/a",
                                              .address = IpAddr::parse("fd00::1"),
                                              .refused = true}));
    EXPECT_TRUE(options->json);
    EXPECT_TRUE(options->log.json);
    EXPECT_EQ(options->count, 5U);
    EXPECT_EQ(options->bpf_root, "/b");
    EXPECT_EQ(options->cgroup_root, "/c");
}

TEST(ObserveOptions, WhatIsWrongIsToldWithAMend) {
    EXPECT_EQ(refusal("--service=web"),
              "--service: \"web\" has no namespace; give one such as default/web");
    EXPECT_EQ(refusal("--cgroup=a"),
              "--cgroup: \"a\" does not begin with \"/\"; give a path as /proc/PID/cgroup has it");
    EXPECT_EQ(refusal("--address=web"), "--address: \"web\" is not an IP address");
    EXPECT_EQ(refusal("-o=yaml"), "--output: there is no format \"yaml\"; give one of: text, json");
    EXPECT_EQ(refusal("--count=0"), "--count: \"0\" is not a number from 1 to 9223372036854775807");
    EXPECT_THAT(refusal("--bpf-root=b"),
                testing::HasSubstr("--bpf-root: \"b\" is not an absolute"));
}

}  // namespace
}  // namespace sy
