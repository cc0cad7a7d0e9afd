// Desired versus actual, for every backend: which kernel objects each Service has, and how to get
// from there to what it should have. Nobody writes a diff by hand.
#pragma once

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "backends/fragment.h"
#include "base/names.h"

namespace sy {

/// One change of a kernel object. `owner` is the index of the change that asked for it.
template <class E>
struct ObjectOp {
    E object;
    uint32_t owner = 0;
};

/// Keeps *have*: per Service what is in the kernel, and how many Services ask for each shared
/// object. E is regular, ordered and hashable. Not thread-safe.
template <class E>
class Ledger {
  public:
    struct Change {
        ServiceName service;
        /// What the Service shall have; empty: nothing any more.
        Fragment<E> want;
    };

    /// The difference that a group of changes makes. Valid until the ledger changes.
    struct Stage {
        /// An object that only differs in its data is removed and added.
        std::vector<ObjectOp<E>> remove;
        std::vector<ObjectOp<E>> add;
        /// Net change of the number of askers, per shared object.
        boost::unordered_flat_map<E, int32_t, std::hash<E>> shared;

        bool empty() const { return remove.empty() && add.empty(); }
    };

    /// What the kernel has of a Service; an empty fragment if nothing.
    const Fragment<E>& have(const ServiceName& service) const {
        const auto found = services_.find(service);
        return found == services_.end() ? none_ : found->second;
    }
    /// Overrides what the kernel is known to have of a Service (adoption).
    void adopt(const ServiceName& service, std::vector<E> own) {
        services_[service].own = std::move(own);
    }
    /// A shared object that is in the kernel although no Service asked for it yet (adoption).
    void adopt_shared(const E& object) { shared_.try_emplace(object, 0); }

    /// Computes what has to change in the kernel; changes nothing here. Services are distinct.
    Stage stage(std::span<const Change> changes) const {
        Stage stage;
        std::vector<E> gone;
        std::vector<E> fresh;
        const auto split = [&](const std::vector<E>& before, const std::vector<E>& after) {
            gone.clear();
            fresh.clear();
            std::ranges::set_difference(before, after, std::back_inserter(gone));
            std::ranges::set_difference(after, before, std::back_inserter(fresh));
        };
        for (uint32_t owner = 0; owner < changes.size(); ++owner) {
            const auto& before = have(changes[owner].service);
            const auto& after = changes[owner].want;
            split(before.own, after.own);
            for (const auto& object : gone) {
                stage.remove.push_back({object, owner});
            }
            for (const auto& object : fresh) {
                stage.add.push_back({object, owner});
            }
            split(before.shared, after.shared);
            for (const auto& object : gone) {
                --stage.shared[object];
            }
            for (const auto& object : fresh) {
                if (++stage.shared[object] == 1 && !shared_.contains(object)) {
                    stage.add.push_back({object, owner});
                }
            }
        }
        for (const auto& [object, net] : stage.shared) {
            const auto count = shared_.find(object);
            if (net < 0 && count != shared_.end() && count->second + net <= 0) {
                stage.remove.push_back({object, 0});
            }
        }
        return stage;
    }

    /// The kernel has carried out `stage`, which was computed from `changes`.
    void commit(const Stage& stage, std::vector<Change> changes) {
        for (const auto& [object, net] : stage.shared) {
            if (const auto left = (shared_[object] += net); left <= 0) {
                shared_.erase(object);
            }
        }
        for (auto& change : changes) {
            if (change.want.own.empty() && change.want.shared.empty()) {
                services_.erase(change.service);
                continue;
            }
            change.want.own.shrink_to_fit();
            change.want.shared.shrink_to_fit();
            services_[change.service] = std::move(change.want);
        }
    }

    /// Shared objects that are in the kernel and nobody asks for.
    std::vector<E> unclaimed_shared() const {
        std::vector<E> result;
        for (const auto& [object, count] : shared_) {
            if (count == 0) {
                result.push_back(object);
            }
        }
        return result;
    }
    /// Forgets what unclaimed_shared returned (it was removed from the kernel).
    void forget_unclaimed() {
        erase_if(shared_, [](const auto& entry) { return entry.second == 0; });
    }

    /// Everything the kernel should hold, in no order.
    std::vector<E> all() const {
        std::vector<E> result;
        std::size_t count = shared_.size();
        for (const auto& [service, fragment] : services_) {
            count += fragment.own.size();
        }
        result.reserve(count);
        for (const auto& [service, fragment] : services_) {
            result.insert(result.end(), fragment.own.begin(), fragment.own.end());
        }
        for (const auto& [object, askers] : shared_) {
            result.push_back(object);
        }
        return result;
    }

    const std::unordered_map<ServiceName, Fragment<E>>& services() const { return services_; }

  private:
    std::unordered_map<ServiceName, Fragment<E>> services_;
    boost::unordered_flat_map<E, int32_t, std::hash<E>> shared_;
    Fragment<E> none_;
};

}  // namespace sy
