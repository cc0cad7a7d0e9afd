// Threads of one program in different cgroups: programs attached to one see exactly the sockets
// made by the threads in it.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <thread>

#include "base/result.h"

namespace sy::lab {

/// Makes a folder of cgroup2 in which single threads can be: of processes that are in the next
/// folder above it that is not for threads. Its full path.
Result<std::string> make_thread_cgroup(const std::string& above, const std::string& name);

/// Moves the calling thread into a folder of its process' cgroup and, at the end of the scope, back
/// to where it was. Takes milliseconds. Aborts if the kernel refuses.
class InCgroup {
  public:
    explicit InCgroup(const std::string& path);
    InCgroup(const InCgroup&) = delete;
    InCgroup& operator=(const InCgroup&) = delete;
    ~InCgroup();

  private:
    std::string before_;
};

/// A thread that stays in a cgroup and does what it is told: moving there and back for each socket
/// would take far too long.
class CgroupThread {
  public:
    explicit CgroupThread(const std::string& path);
    CgroupThread(const CgroupThread&) = delete;
    CgroupThread& operator=(const CgroupThread&) = delete;
    ~CgroupThread();

    /// Returns when the work is done. Any thread may ask.
    void run(const std::function<void()>& work);

  private:
    void loop(const std::string& path);

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::packaged_task<void()>> queue_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace sy::lab
