#include "backends/ebpf/kernel/attachment.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/ebpf/kernel/link.h"

namespace sy::ebpf {
namespace {

Result<std::vector<uint32_t>> maps_of_program(uint32_t id) {
    const Fd program(bpf_prog_get_fd_by_id(id));
    if (!program) {
        return fail("cannot open an attached program (CAP_SYS_ADMIN is needed)", {}, errno);
    }
    std::vector<uint32_t> maps(kMapCount * 2);
    bpf_prog_info info{};
    info.nr_map_ids = static_cast<uint32_t>(maps.size());
    info.map_ids = reinterpret_cast<uintptr_t>(maps.data());
    uint32_t size = sizeof info;
    if (bpf_obj_get_info_by_fd(program.get(), &info, &size) != 0) {
        return fail("cannot ask what a program is", {}, errno);
    }
    maps.resize(std::min<std::size_t>(info.nr_map_ids, maps.size()));
    return maps;
}

/// Maps of a loader's own making, for constants, have a dot in their names.
bool is_internal(uint32_t map_id) {
    Fd fd(bpf_map_get_fd_by_id(map_id));
    const auto map = fd ? Map::take(std::move(fd)) : fail("gone");
    return map && map->name().find('.') != std::string::npos;
}

bool is_there(const LinkFacts& facts, const Cgroup& cgroup, const Hook& hook) {
    return facts.cgroup == cgroup.id() && facts.attach_type == hook.attach_type;
}

/// A hook's pinned link.
struct Pinned {
    Link link;
    LinkFacts facts;
};
/// Nothing if there is none, or something that is no link.
Result<std::optional<Pinned>> look(const Pins& pins, const Hook& hook) {
    auto link = Link::open(pins.link(hook.name));
    if (!link) {
        return link.error().code == ENOENT ? Result<std::optional<Pinned>>(std::nullopt)
                                           : std::unexpected(link.error());
    }
    const auto facts = link->facts();
    if (!facts) {
        return std::unexpected(facts.error());
    }
    return Pinned{std::move(*link), *facts};
}

Result<void> attach_one(const Pins& pins, const Cgroup& cgroup, const Hook& hook, int program) {
    const auto present = look(pins, hook);
    if (!present) {
        return std::unexpected(present.error());
    }
    if (*present && is_there((*present)->facts, cgroup, hook)) {
        return (*present)->link.update(program);
    }
    const auto link = Link::attach(program, cgroup.fd(), hook.attach_type);
    if (!link) {
        return fail(std::string("cannot attach the program for ") + hook.name, cgroup.folder(),
                    link.error().code);
    }
    if (auto pinned = link->pin(pins.link(hook.name)); !pinned) {
        return pinned;
    }
    // Unpinning alone detaches too, but some time later.
    return *present ? (*present)->link.detach() : Result<void>();
}

bool is_known(std::string_view name) {
    return std::ranges::any_of(hooks(), [&](const Hook& hook) { return name == hook.name; });
}

std::string_view name_of(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

Result<void> remove_link(const std::string& path) {
    const auto link = Link::open(path);
    if (!link && link.error().code != ENOENT) {
        return std::unexpected(link.error());
    }
    auto done = link ? link->detach() : Result<void>();
    return done ? unpin(path) : done;
}

}  // namespace

Result<bool> is_attached(const Pins& pins, const Cgroup& cgroup, const PinnedSet& set) {
    for (const Hook& hook : hooks()) {
        const auto present = look(pins, hook);
        if (!present) {
            return std::unexpected(present.error());
        }
        if (!*present || !is_there((*present)->facts, cgroup, hook)) {
            return false;
        }
        const auto maps = maps_of_program((*present)->facts.program);
        if (!maps) {
            return std::unexpected(maps.error());
        }
        const bool ours = std::ranges::all_of(
            *maps, [&](uint32_t id) { return set.contains(id) || is_internal(id); });
        if (!ours) {
            return false;
        }
    }
    return true;
}

Result<void> attach(const Pins& pins, const Cgroup& cgroup, const Programs& programs) {
    auto done = pins.make_links_folder();
    for (std::size_t i = 0; done && i < kHookCount; ++i) {
        done = attach_one(pins, cgroup, hooks()[i], programs[i].get());
    }
    if (!done) {
        return done;
    }
    const auto paths = pins.links();
    if (!paths) {
        return std::unexpected(paths.error());
    }
    for (const std::string& path : *paths) {
        if (!is_known(name_of(path))) {
            if (done = remove_link(path); !done) {
                return done;
            }
        }
    }
    return {};
}

Result<bool> detach(const Pins& pins) {
    auto paths = pins.links();
    if (!paths) {
        return std::unexpected(paths.error());
    }
    // Unknown ones first, then the reverse of the order in which links are made.
    const auto rank = [](const std::string& path) {
        return std::ranges::find_if(hooks(),
                                    [&](const Hook& hook) { return name_of(path) == hook.name; }) -
               hooks().begin();
    };
    std::ranges::sort(*paths, [&](const auto& a, const auto& b) { return rank(a) > rank(b); });
    for (const std::string& path : *paths) {
        if (auto done = remove_link(path); !done) {
            return std::unexpected(done.error());
        }
    }
    return !paths->empty();
}

}  // namespace sy::ebpf
