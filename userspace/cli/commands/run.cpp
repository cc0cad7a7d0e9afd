// `switchyard run`: what belongs to the process, and then the daemon.
#include <fmt/format.h>
#include <linux/capability.h>
#include <malloc.h>

#include <csignal>
#include <thread>
#include <vector>

#include "backends/registry.h"
#include "cli/commands/commands.h"
#include "cli/commands/daemon.h"
#include "cli/log_sink.h"
#include "os/file_limit.h"
#include "os/privileges.h"
#include "os/sysctl.h"

namespace sy {
namespace {

/// --init-only: what needs more rights than the daemon should have.
int prepare(const Options& options, Log& log) {
    auto backend = find_backend(options.proxy_mode)->make(options.backend, log);
    if (!backend) {
        log.error(backend.error().message());
        return 1;
    }
    // Also loads the kernel modules that the rules will need.
    if (const auto probed = (*backend)->probe(); !probed) {
        log.error(probed.error().message());
        return 1;
    }
    apply_kernel_settings(options.kernel, std::thread::hardware_concurrency(), Sysctl{}, log);
    log.info("prepared the node; --init-only ends here");
    return 0;
}

/// What is not needed from here on is given up. Neither failure keeps the daemon from working.
void give_up_rights(const Options& options, Log& log) {
    // Before the rights to do so are gone.
    if (const auto set = set_oom_score_adj(options.oom_score_adj); !set) {
        log.info("the out-of-memory score stays as it is: " + set.error().message());
    }
    const BackendEntry& backend = *find_backend(options.proxy_mode);
    if (backend.load_modules != nullptr) {
        backend.load_modules(options.backend);
    }
    const auto needed = backend.capabilities;
    std::vector<int> rights(needed.begin(), needed.end());
    // For the iptables command, which may have to remove what kube-proxy left.
    rights.push_back(CAP_NET_RAW);
    if (const auto kept = keep_only(rights); !kept) {
        log.warning("more rights than needed are kept: " + kept.error().message());
    }
}

}  // namespace

int run(const RunCommand& command) {
    const Options& options = command.options;
    // A reader of our log that goes away must not take us with it.
    std::signal(SIGPIPE, SIG_IGN);
    raise_file_limit();
    // Plans are made on one thread and let go on another: arenas of their own would only fill with
    // holes, and no two threads allocate much at a time.
    mallopt(M_ARENA_MAX, 1);
    const auto log = make_log(options.log);
    for (const std::string& warning : options.warnings) {
        log->warning(warning);
    }
    log->info(fmt::format("switchyard {}: node {}, mode {}", SWITCHYARD_VERSION, options.node_name,
                          options.proxy_mode));
    if (options.init_only) {
        return prepare(options, *log);
    }
    give_up_rights(options, *log);
    return Daemon(options, command.reload, *log).run();
}

}  // namespace sy
