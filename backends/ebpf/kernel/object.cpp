#include "backends/ebpf/kernel/object.h"

#include <bpf/libbpf.h>
#include <fcntl.h>
#include <switchyard_bpf.skel.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <span>
#include <string>

#include "backends/ebpf/kernel/loader_words.h"

namespace sy::ebpf {
namespace {

struct Destroy {
    void operator()(switchyard_bpf* object) const { switchyard_bpf::destroy(object); }
};
using Object = std::unique_ptr<switchyard_bpf, Destroy>;

Result<Object> open_object(const LoaderWords& words, Log& log) {
    Object object(switchyard_bpf::open());
    if (!object) {
        return words.failed("cannot open the BPF object", errno, log);
    }
    return object;
}

bpf_map* find_map(const Object& object, MapId id) {
    return bpf_object__find_map_by_name(object->obj, map_rows()[static_cast<std::size_t>(id)].name);
}

Result<Fd> duplicate(int fd) {
    Fd copy(fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!copy) {
        return fail("cannot duplicate a descriptor", {}, errno);
    }
    return copy;
}

Result<void> use(const Object& object, MapId id, const Map& map) {
    if (const int error = bpf_map__reuse_fd(find_map(object, id), map.fd()); error != 0) {
        return fail("cannot be used by the programs", "map " + map.name(), -error);
    }
    return {};
}

class Silent : public Log {
  public:
    void write(LogLevel /*level*/, std::string_view /*message*/) override {}
};

}  // namespace

uint64_t program_hash() {
    constexpr uint64_t kSeed = 0xcbf2'9ce4'8422'2325;  // FNV-1a
    constexpr uint64_t kPrime = 0x100'0000'01b3;
    std::size_t size = 0;
    const auto* bytes = static_cast<const uint8_t*>(switchyard_bpf::elf_bytes(&size));
    uint64_t hash = kSeed;
    for (const uint8_t byte : std::span(bytes, size)) {
        hash = (hash ^ byte) * kPrime;
    }
    return hash;
}

Result<Schema> object_schema() {
    const LoaderWords words;
    Silent log;
    const auto object = open_object(words, log);
    if (!object) {
        return std::unexpected(object.error());
    }
    Schema schema;
    for (const MapRow& row : map_rows()) {
        const bpf_map* map = find_map(*object, row.id);
        if (map == nullptr) {
            return fail("not in the BPF object", std::string("map ") + row.name);
        }
        schema[row.id] = {static_cast<uint32_t>(bpf_map__type(map)), bpf_map__key_size(map),
                          bpf_map__value_size(map), bpf_map__max_entries(map),
                          bpf_map__map_flags(map)};
    }
    return schema;
}

Result<void> make_maps(Maps& maps, const Sizes& sizes, Log& log) {
    const LoaderWords words;
    auto object = open_object(words, log);
    if (!object) {
        return std::unexpected(object.error());
    }
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, (*object)->obj) {
        bpf_program__set_autoload(program, false);
    }
    for (const MapRow& row : map_rows()) {
        if (maps[row.id]) {
            if (auto used = use(*object, row.id, maps[row.id]); !used) {
                return used;
            }
        } else if (row.size != nullptr) {
            bpf_map__set_max_entries(find_map(*object, row.id), entries_of(row, sizes));
        }
    }
    if (const int error = switchyard_bpf::load(object->get()); error != 0) {
        return words.failed("cannot make the maps", -error, log);
    }
    for (const MapRow& row : map_rows()) {
        if (maps[row.id]) {
            continue;
        }
        auto fd = duplicate(bpf_map__fd(find_map(*object, row.id)));
        auto map = fd ? Map::take(std::move(*fd)) : std::unexpected(fd.error());
        if (!map) {
            return std::unexpected(map.error());
        }
        maps[row.id] = std::move(*map);
    }
    return {};
}

Result<Programs> load_programs(const Maps& maps, bool can_refuse, Log& log) {
    const LoaderWords words;
    auto object = open_object(words, log);
    if (!object) {
        return std::unexpected(object.error());
    }
    for (const MapRow& row : map_rows()) {
        if (auto used = use(*object, row.id, maps[row.id]); !used) {
            return std::unexpected(used.error());
        }
    }
    (*object)->rodata->sy_can_refuse = can_refuse;
    if (const int error = switchyard_bpf::load(object->get()); error != 0) {
        return words.failed("cannot load the programs", -error, log);
    }
    Programs programs;
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, (*object)->obj) {
        const auto type = static_cast<uint32_t>(bpf_program__expected_attach_type(program));
        const auto hook = std::ranges::find(hooks(), type, &Hook::attach_type);
        auto fd = duplicate(bpf_program__fd(program));
        if (!fd) {
            return std::unexpected(fd.error());
        }
        if (hook != hooks().end()) {
            programs[static_cast<std::size_t>(hook - hooks().begin())] = std::move(*fd);
        }
    }
    for (std::size_t i = 0; i < kHookCount; ++i) {
        if (!programs[i]) {
            return fail("not in the BPF object", std::string("program for ") + hooks()[i].name);
        }
    }
    return programs;
}

}  // namespace sy::ebpf
