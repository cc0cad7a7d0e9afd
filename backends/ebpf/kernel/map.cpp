#include "backends/ebpf/kernel/map.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace sy::ebpf {
namespace {

constexpr std::size_t kWord = 8;
constexpr std::size_t kBatch = 4096;
/// What old kernels say to commands they do not know, and new ones of maps without batches
/// (ENOTSUPP of the kernel, which has no name out here).
constexpr int kNotSupported = 524;

std::size_t rounded(std::size_t size) {
    return (size + kWord - 1) / kWord * kWord;
}

bool is_per_cpu(uint32_t type) {
    return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH ||
           type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

bool no_batches(int code) {
    return code == EINVAL || code == EOPNOTSUPP || code == kNotSupported;
}

}  // namespace

Result<Map> Map::take(Fd fd) {
    bpf_map_info info{};
    uint32_t size = sizeof info;
    if (bpf_obj_get_info_by_fd(fd.get(), &info, &size) != 0) {
        return fail("cannot ask what a map is", {}, errno);
    }
    Map map;
    map.fd_ = std::move(fd);
    map.id_ = info.id;
    map.name_ = info.name;
    map.facts_ = {info.type, info.key_size, info.value_size, info.max_entries, info.map_flags};
    map.value_bytes_ = info.value_size;
    if (is_per_cpu(info.type)) {
        const int cpus = libbpf_num_possible_cpus();
        if (cpus < 1) {
            return fail("cannot find out the number of CPUs", {}, -cpus);
        }
        map.value_bytes_ = rounded(info.value_size) * static_cast<std::size_t>(cpus);
    }
    return map;
}

Result<Map> Map::open(const std::string& pin) {
    Fd fd(bpf_obj_get(pin.c_str()));
    if (!fd) {
        return fail("cannot open the pinned map", pin, errno);
    }
    return take(std::move(fd));
}

Result<Map> Map::share() const {
    Fd fd(fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0));
    if (!fd) {
        return failed("cannot duplicate the descriptor", errno);
    }
    return take(std::move(fd));
}

Result<void> Map::pin(const std::string& path) const {
    if (bpf_obj_pin(fd_.get(), path.c_str()) != 0) {
        return fail("cannot pin the map " + name_, path, errno);
    }
    return {};
}

std::unexpected<Error> Map::failed(std::string what, int code) const {
    if (code == E2BIG) {
        what = "full (" + std::to_string(facts_.max_entries) + " elements)";
    }
    return fail(std::move(what), "map " + name_, code);
}

Result<void> Map::put(const void* keys, const void* values, std::size_t count) const {
    const auto* key = static_cast<const uint8_t*>(keys);
    const auto* value = static_cast<const uint8_t*>(values);
    while (count > 0) {
        auto written = static_cast<uint32_t>(std::min(count, kBatch));
        const auto asked = written;
        if (bpf_map_update_batch(fd_.get(), key, value, &written, nullptr) != 0) {
            return no_batches(errno) ? put_singly(key, value, count)
                                     : failed("cannot write an element", errno);
        }
        key += std::size_t{asked} * facts_.key_size;
        value += std::size_t{asked} * value_bytes_;
        count -= asked;
    }
    return {};
}

Result<void> Map::put_singly(const uint8_t* keys, const uint8_t* values, std::size_t count) const {
    for (std::size_t i = 0; i < count; ++i) {
        if (bpf_map_update_elem(fd_.get(), keys + i * facts_.key_size, values + i * value_bytes_,
                                BPF_ANY) != 0) {
            return failed("cannot write an element", errno);
        }
    }
    return {};
}

Result<void> Map::erase(const void* keys, std::size_t count) const {
    const auto* key = static_cast<const uint8_t*>(keys);
    bool batches = true;
    while (count > 0) {
        auto done = static_cast<uint32_t>(batches ? std::min(count, kBatch) : 1);
        const auto asked = done;
        int code = 0;
        if (batches && bpf_map_delete_batch(fd_.get(), key, &done, nullptr) != 0) {
            code = errno;
            if (no_batches(code)) {
                batches = false;
                continue;
            }
            done = std::min(done, asked);
        } else if (!batches && bpf_map_delete_elem(fd_.get(), key) != 0) {
            code = errno;
            done = 0;
        }
        if (code != 0 && code != ENOENT) {
            return failed("cannot delete an element", code);
        }
        // A batch ends at a key that does not exist: go on behind it.
        const std::size_t passed = code == ENOENT ? std::size_t{done} + 1 : done;
        key += passed * facts_.key_size;
        count -= std::min(count, passed);
    }
    return {};
}

Result<Map::Elements> Map::dump() const {
    Elements all;
    // Where a batch begins; a hash counts in buckets, others go by the last key.
    std::vector<uint8_t> from(std::max<std::size_t>(facts_.key_size, sizeof(uint32_t)));
    auto to = from;
    void* in = nullptr;
    std::size_t room = kBatch;
    for (bool more = true; more;) {
        all.keys.resize((all.count + room) * facts_.key_size);
        all.values.resize((all.count + room) * value_bytes_);
        auto found = static_cast<uint32_t>(room);
        const int status = bpf_map_lookup_batch(
            fd_.get(), in, to.data(), all.keys.data() + all.count * facts_.key_size,
            all.values.data() + all.count * value_bytes_, &found, nullptr);
        const int code = status == 0 ? 0 : errno;
        if (code == ENOSPC) {
            room *= 2;  // a bucket comes as a whole
            continue;
        }
        if (in == nullptr && no_batches(code)) {
            return dump_singly();
        }
        if (code != 0 && code != ENOENT) {
            return failed("cannot be read", code);
        }
        all.count += found;
        std::swap(from, to);
        in = from.data();
        more = code == 0;
    }
    all.keys.resize(all.count * facts_.key_size);
    all.values.resize(all.count * value_bytes_);
    return all;
}

Result<Map::Elements> Map::dump_singly() const {
    Elements all;
    std::vector<uint8_t> key(facts_.key_size);
    std::vector<uint8_t> value(value_bytes_);
    const void* previous = nullptr;
    std::vector<uint8_t> next(facts_.key_size);
    while (bpf_map_get_next_key(fd_.get(), previous, next.data()) == 0) {
        key = next;
        previous = key.data();
        if (bpf_map_lookup_elem(fd_.get(), key.data(), value.data()) != 0) {
            continue;  // gone meanwhile
        }
        all.keys.insert(all.keys.end(), key.begin(), key.end());
        all.values.insert(all.values.end(), value.begin(), value.end());
        ++all.count;
    }
    return errno == ENOENT ? Result<Elements>(std::move(all)) : failed("cannot be read", errno);
}

Result<std::vector<uint8_t>> Map::values(uint32_t count) const {
    std::vector<uint8_t> all(count * value_bytes_);
    std::vector<uint32_t> keys(std::min<std::size_t>(count, kBatch));
    uint32_t last = 0;
    uint32_t done = 0;
    while (done < count) {
        auto found = static_cast<uint32_t>(std::min<std::size_t>(count - done, kBatch));
        uint8_t* room = all.data() + done * value_bytes_;
        if (bpf_map_lookup_batch(fd_.get(), done == 0 ? nullptr : &last, &last, keys.data(), room,
                                 &found, nullptr) != 0 &&
            errno != ENOENT) {
            if (!no_batches(errno)) {
                return failed("cannot be read", errno);
            }
            if (bpf_map_lookup_elem(fd_.get(), &done, room) != 0) {
                return failed("cannot be read", errno);
            }
            found = 1;
        }
        if (found == 0) {
            return failed("ends early", 0);
        }
        done += found;
    }
    return all;
}

Result<Mapping> Mapping::of(const Map& map, bool writable) {
    const long page = sysconf(_SC_PAGESIZE);
    const auto unit = static_cast<std::size_t>(page);
    const std::size_t bytes = rounded(map.facts().value_size) * map.facts().max_entries;
    const std::size_t size = (bytes + unit - 1) / unit * unit;
    void* data = mmap(nullptr, size, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED,
                      map.fd(), 0);
    if (data == MAP_FAILED) {
        return fail("cannot map its memory", "map " + map.name(), errno);
    }
    return Mapping(data, size);
}

Mapping::Mapping(Mapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
}

Mapping::~Mapping() {
    if (data_ != nullptr) {
        munmap(data_, size_);
    }
}

}  // namespace sy::ebpf
