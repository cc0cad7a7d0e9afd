// A fresh network namespace with the nft command, and elements to put into it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backends/nftables/kernel.h"

namespace sy::nft {

struct CommandResult {
    int status = -1;
    std::string output;  // stdout and stderr
};
/// Runs a shell command in the network namespace of the calling thread.
CommandResult run(const std::string& command, std::string_view input = {});

/// Every test starts in a network namespace of its own, which goes with the last process in it.
class NftLab : public ::testing::Test {
  protected:
    void SetUp() override;

    /// Loads text with `nft -f -`; fails the test if nft refuses it.
    static void load(const std::string& text);
    /// `nft list ruleset`, which has to succeed.
    static std::string listing();
    /// The dump, which has to succeed.
    std::vector<DumpedTable> dump();
    void commit(const Transaction& transaction);

    std::unique_ptr<Kernel> kernel_;
};

TableConfig config_for(Family family);
/// One to three elements of every kind but `affinity` and `classes`.
std::vector<Element> sample_elements(Family family);
std::vector<ElementOp> ops(const std::vector<Element>& elements, uint32_t owner = 0);
std::vector<Element> sorted(std::vector<Element> elements);

/// The lines of a table's text without indentation and comments, one element a line, sorted: what
/// our text and nft's listing of it have to agree in.
std::vector<std::string> normal_lines(const std::string& text);

Element address_element(Family family, SetId set, const IpAddr& address);
Element network_element(Family family, SetId set, const Cidr& network);
Element range_element(Family family, uint32_t id, const Cidr& network);
Element frontend(const IpAddr& address, uint8_t protocol, uint16_t port, uint32_t word);
Element endpoint(Family family, uint32_t list, uint32_t slot, const IpAddr& address, uint16_t port);
IpAddr address(std::string_view text);
Cidr network(std::string_view text);

}  // namespace sy::nft
