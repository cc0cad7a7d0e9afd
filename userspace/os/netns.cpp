#include "os/netns.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <thread>

namespace sy {
namespace {

namespace fs = std::filesystem;

class Search {
  public:
    explicit Search(const std::set<uint32_t>& inodes) : missing_(inodes) {}

    bool over() const { return missing_.empty(); }
    std::map<uint32_t, Fd> result() { return std::move(found_); }

    void look_at(const std::string& file) {
        struct stat facts{};
        if (stat(file.c_str(), &facts) != 0 ||
            !missing_.contains(static_cast<uint32_t>(facts.st_ino))) {
            return;
        }
        // By then the process may be gone, and its number another's.
        Fd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
        if (fd && fstat(fd.get(), &facts) == 0) {
            const auto inode = static_cast<uint32_t>(facts.st_ino);
            if (missing_.erase(inode) > 0) {
                found_.emplace(inode, std::move(fd));
            }
        }
    }

  private:
    std::set<uint32_t> missing_;
    std::map<uint32_t, Fd> found_;
};

bool is_number(const std::string& name) {
    return !name.empty() &&
           std::ranges::all_of(name, [](unsigned char c) { return c >= '0' && c <= '9'; });
}

template <class Visit>
void each_name(const std::string& folder, const Search& search, const Visit& visit) {
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end && !search.over();
         it.increment(error)) {
        visit(it->path().filename().string());
    }
}

}  // namespace

Result<uint64_t> netns_cookie() {
    const Fd any(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!any) {
        return fail("cannot open a socket", {}, errno);
    }
    uint64_t cookie = 0;
    socklen_t size = sizeof cookie;
    if (getsockopt(any.get(), SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) != 0) {
        return fail("the kernel tells no cookie of the network namespace (Linux 5.14)", {}, errno);
    }
    return cookie;
}

Result<void> in_netns(int ns, const std::function<void()>& work) {
    int code = 0;
    std::thread worker([&] {
        if (setns(ns, CLONE_NEWNET) == 0) {
            work();
        } else {
            code = errno;
        }
    });
    worker.join();
    if (code != 0) {
        return fail("cannot enter a network namespace", {}, code);
    }
    return {};
}

Result<uint64_t> netns_cookie_of(const std::string& file) {
    const Fd ns(open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!ns) {
        return fail("cannot open the network namespace", file, errno);
    }
    Result<uint64_t> cookie = 0;
    if (auto entered = in_netns(ns.get(), [&] { cookie = netns_cookie(); }); !entered) {
        return fail(entered.error().what, file, entered.error().code);
    }
    return cookie;
}

std::map<uint32_t, Fd> find_netns(const std::set<uint32_t>& inodes, const NetnsPlaces& places) {
    Search search(inodes);
    for (const std::string& folder : places.mounts) {
        each_name(folder, search, [&](const std::string& name) {
            search.look_at((fs::path(folder) / name).string());
        });
    }
    each_name(places.processes, search, [&](const std::string& name) {
        if (is_number(name)) {
            search.look_at((fs::path(places.processes) / name / "ns/net").string());
        }
    });
    return search.result();
}

}  // namespace sy
