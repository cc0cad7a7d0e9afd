// The hooks, attached to the cgroup of this test program, and their maps.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/bpf/maps.h"
#include "tests/support/bpf_scope.h"
#include "tests/support/lab.h"

struct switchyard_bpf;  // NOLINT(readability-identifier-naming): generated
struct bpf_link;

namespace sy::bpf_test {

/// The cgroup all processes of the tests are in; set by main().
lab::BpfScope*& shared_scope();

/// Cookie of a place's network namespace.
uint64_t cookie_of(lab::Place place);

/// A fresh load of all programs, attached as long as the object lives. The node of the lab is the
/// host.
class Hooks {
  public:
    /// Nothing if a program cannot be loaded or attached; loader_log() says why.
    static std::unique_ptr<Hooks> attach(bool can_refuse = true);
    ~Hooks();
    Hooks(const Hooks&) = delete;
    Hooks& operator=(const Hooks&) = delete;

    Maps& maps() { return *maps_; }
    /// SY_SETTING_… besides the host's cookie.
    void configure(uint32_t flags, uint64_t observe_until = 0);

  private:
    Hooks() = default;

    switchyard_bpf* skeleton_ = nullptr;
    std::vector<bpf_link*> links_;
    std::optional<Maps> maps_;
};

}  // namespace sy::bpf_test
