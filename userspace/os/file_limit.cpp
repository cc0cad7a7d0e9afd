#include "os/file_limit.h"

#include <sys/resource.h>

namespace sy {

void raise_file_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        // The limit that is there will do for most nodes.
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

}  // namespace sy
