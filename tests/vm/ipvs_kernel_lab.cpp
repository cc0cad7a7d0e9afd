#include "tests/vm/ipvs_kernel_lab.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace sy::ipvs {

void IpvsSeamLab::SetUp() {
    auto made = lab::NetNs::create();
    ASSERT_TRUE(made) << made.error().message();
    ns_ = std::move(*made);
    inside_.emplace(*ns_);
    std::string name = "/tmp/switchyard-ipvs-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    output({"ip", "link", "set", "lo", "up"});
    kernel_ = open();
    ASSERT_TRUE(kernel_);
}

void IpvsSeamLab::TearDown() {
    kernel_.reset();
    std::error_code error;
    std::filesystem::remove_all(folder_, error);
}

std::unique_ptr<Kernel> IpvsSeamLab::open(const IpvsSettings& settings) {
    auto kernel = open_kernel(
        settings, log_, {.sysctl_root = "/proc/sys", .run_folder = folder_, .traffic = &traffic_});
    EXPECT_TRUE(kernel) << kernel.error().message();
    return kernel ? std::move(*kernel) : nullptr;
}

std::string IpvsSeamLab::output(const std::vector<std::string>& argv, std::string_view input) {
    const auto out = lab::must_run_in(*ns_, argv, input);
    EXPECT_TRUE(out) << out.error().message();
    return out ? *out : "";
}

std::string IpvsSeamLab::saved() {
    std::istringstream text(output({"ipvsadm", "--save", "--numeric"}));
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);) {
        line.erase(line.find_last_not_of(' ') + 1);
        lines.push_back(line);
    }
    std::ranges::sort(lines);
    std::string all;
    for (const std::string& line : lines) {
        all += line + "\n";
    }
    return all;
}

Dumped IpvsSeamLab::dump() {
    auto dumped = kernel_->dump();
    EXPECT_TRUE(dumped) << dumped.error().message();
    return dumped ? std::move(*dumped) : Dumped{};
}

void IpvsSeamLab::commit(const std::vector<Change>& changes) {
    const auto done = kernel_->commit(changes);
    EXPECT_TRUE(done) << done.error().error.message();
}

void IpvsSeamLab::commit(const std::vector<RouteChange>& changes) {
    const auto done = kernel_->commit(changes);
    EXPECT_TRUE(done) << done.error().error.message();
}

std::string IpvsSeamLab::setting(const std::string& name) {
    std::string value;
    std::getline(std::ifstream("/proc/sys/" + name), value);
    return value;
}

void IpvsLab::SetUp() {
    IpvsSeamLab::SetUp();
    if (HasFatalFailure()) {
        return;
    }
    if (const auto probed = kernel_->probe(); !probed) {
        GTEST_SKIP() << probed.error().message();
    }
}

IpAddr address(std::string_view text) {
    return IpAddr::parse(text).value();
}

ServerKey key(Family family, uint32_t id) {
    return {family, kTag | id};
}

Change new_server(const ServerKey& key, std::string scheduler, uint32_t owner) {
    return {.kind = Change::Kind::add_server,
            .server = {.key = key, .scheduler = std::move(scheduler)},
            .destination = {},
            .owner = owner};
}

Change edit_server(const ServerKey& key, std::string scheduler, uint32_t owner) {
    Change change = new_server(key, std::move(scheduler), owner);
    change.kind = Change::Kind::set_server;
    return change;
}

Change drop_server(const ServerKey& key, uint32_t owner) {
    Change change = new_server(key, "", owner);
    change.kind = Change::Kind::remove_server;
    return change;
}

Destination destination(const ServerKey& key, std::string_view ip, uint16_t port, uint32_t weight) {
    return {.server = key, .address = {address(ip), Port(port)}, .weight = weight};
}

Change change(Change::Kind kind, const Destination& destination, uint32_t owner) {
    return {.kind = kind, .server = {}, .destination = destination, .owner = owner};
}

RouteChange route(std::string_view network, std::string_view source, bool remove) {
    return {.route = {.network = Cidr::parse(network).value(), .source = address(source)},
            .remove = remove,
            .owner = 0};
}

}  // namespace sy::ipvs
