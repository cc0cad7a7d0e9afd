#include "backends/ipvs/kernel/family.h"

#include <linux/ip_vs.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/family.h>
#include <netlink/genl/genl.h>
#include <netlink/socket.h>

#include <cerrno>
#include <memory>
#include <string>

namespace sy::ipvs {
namespace {

struct FreeSocket {
    void operator()(nl_sock* socket) const { nl_socket_free(socket); }
};
struct FreeCache {
    void operator()(nl_cache* cache) const { nl_cache_free(cache); }
};
struct PutFamily {
    void operator()(genl_family* family) const { genl_family_put(family); }
};

using Socket = std::unique_ptr<nl_sock, FreeSocket>;

std::unexpected<Error> failed(int error) {
    return fail(std::string("look for IPVS in the kernel: ") + nl_geterror(error));
}

Result<Socket> connect() {
    Socket socket(nl_socket_alloc());
    if (!socket) {
        return fail("open a netlink socket", {}, ENOMEM);
    }
    if (const int error = genl_connect(socket.get()); error < 0) {
        return failed(error);
    }
    return socket;
}

}  // namespace

Result<std::optional<uint16_t>> find_family() {
    auto socket = connect();
    if (!socket) {
        return std::unexpected(socket.error());
    }
    nl_cache* listed = nullptr;
    if (const int error = genl_ctrl_alloc_cache(socket->get(), &listed); error < 0) {
        return failed(error);
    }
    const std::unique_ptr<nl_cache, FreeCache> cache(listed);
    const std::unique_ptr<genl_family, PutFamily> family(
        genl_ctrl_search_by_name(cache.get(), IPVS_GENL_NAME));
    if (!family) {
        return std::nullopt;
    }
    return static_cast<uint16_t>(genl_family_get_id(family.get()));
}

Result<std::optional<uint16_t>> load_family() {
    auto socket = connect();
    if (!socket) {
        return std::unexpected(socket.error());
    }
    const int id = genl_ctrl_resolve(socket->get(), IPVS_GENL_NAME);
    if (id == -NLE_OBJ_NOTFOUND) {
        return std::nullopt;
    }
    if (id < 0) {
        return failed(id);
    }
    return static_cast<uint16_t>(id);
}

}  // namespace sy::ipvs
