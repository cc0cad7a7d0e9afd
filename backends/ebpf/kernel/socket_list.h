// Connected UDP sockets that were translated, of all network namespaces.
#pragma once

#include <memory>
#include <vector>

#include "backends/ebpf/kernel/map.h"
#include "base/log.h"
#include "base/result.h"
#include "bpf/abi.h"

namespace sy::ebpf {

/// An iterator program, loaded as long as this object lives.
class SocketList {
  public:
    /// Takes a tenth of a second or so: the kernel's types are read.
    static Result<SocketList> load(Log& log);

    /// What the sockets' storage says; `connections` is that map.
    Result<std::vector<sy_socket>> read(const Map& connections) const;

    SocketList(SocketList&& other) noexcept;
    SocketList& operator=(SocketList&& other) noexcept;
    ~SocketList();

  private:
    struct Object;

    explicit SocketList(std::unique_ptr<Object> object);

    std::unique_ptr<Object> object_;
};

}  // namespace sy::ebpf
