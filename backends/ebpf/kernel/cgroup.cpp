#include "backends/ebpf/kernel/cgroup.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cerrno>

namespace sy::ebpf {

Result<Cgroup> Cgroup::open(const std::string& folder) {
    Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat facts{};
    struct statfs system{};
    if (!fd || fstat(fd.get(), &facts) != 0 || fstatfs(fd.get(), &system) != 0) {
        return fail("cannot open the cgroup", folder, errno);
    }
    if (static_cast<unsigned long>(system.f_type) != CGROUP2_SUPER_MAGIC) {
        return fail("not in a cgroup2 hierarchy", folder);
    }
    return Cgroup(std::move(fd), facts.st_ino, folder);
}

}  // namespace sy::ebpf
