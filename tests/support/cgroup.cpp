#include "tests/support/cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string_view>

#include "os/fd.h"
#include "os/mounts.h"

namespace sy::lab {
namespace {

Result<void> write_to(const std::string& path, std::string_view text) {
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd || ::write(fd.get(), text.data(), text.size()) < 0) {
        return fail("cannot be written", path, errno);
    }
    return {};
}

[[noreturn]] void die(std::string_view why) {
    std::fprintf(stderr, "%.*s\n", static_cast<int>(why.size()), why.data());
    std::abort();
}

/// Full path of the calling thread's cgroup.
std::string own_cgroup() {
    const Result<std::string> mount = find_cgroup2();
    std::ifstream lines("/proc/thread-self/cgroup");
    for (std::string line; mount && std::getline(lines, line);) {
        if (line.starts_with("0::")) {
            return *mount + line.substr(3);
        }
    }
    die("the thread is in no cgroup2");
}

void move_here(const std::string& path) {
    if (const Result<void> moved = write_to(path + "/cgroup.threads", "0"); !moved) {
        die(moved.error().message());
    }
}

}  // namespace

Result<std::string> make_thread_cgroup(const std::string& above, const std::string& name) {
    std::string path = above + "/" + name;
    if (::mkdir(path.c_str(), 0755) != 0) {
        return fail("cannot be made (root needed)", path, errno);
    }
    if (Result<void> threaded = write_to(path + "/cgroup.type", "threaded"); !threaded) {
        return std::unexpected(threaded.error());
    }
    return path;
}

InCgroup::InCgroup(const std::string& path) : before_(own_cgroup()) {
    move_here(path);
}

InCgroup::~InCgroup() {
    move_here(before_);
}

CgroupThread::CgroupThread(const std::string& path) {
    thread_ = std::thread([this, path] { loop(path); });
}

CgroupThread::~CgroupThread() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

void CgroupThread::run(const std::function<void()>& work) {
    std::packaged_task<void()> task(work);
    std::future<void> done = task.get_future();
    {
        const std::lock_guard lock(mutex_);
        queue_.push_back(std::move(task));
    }
    wake_.notify_one();
    done.get();
}

void CgroupThread::loop(const std::string& path) {
    move_here(path);
    std::unique_lock lock(mutex_);
    for (;;) {
        wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        if (queue_.empty()) {
            return;
        }
        std::packaged_task<void()> task = std::move(queue_.front());
        queue_.pop_front();
        lock.unlock();
        task();
        lock.lock();
    }
}

}  // namespace sy::lab
