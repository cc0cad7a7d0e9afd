// Sees every packet on an interface of the lab.
#pragma once

#include <string_view>
#include <vector>

#include "tests/support/lab.h"

namespace sy::lab {

/// A packet on the wire, as far as the tests care. Ports are 0 where the protocol has none.
struct SeenPacket {
    IpAddr source;
    IpAddr destination;
    uint8_t protocol = 0;
    Port source_port;
    Port destination_port;
};

/// Collects packets from construction on.
class Sniffer {
  public:
    Sniffer(const Lab& lab, Place place, std::string_view interface);

    /// Everything so far.
    const std::vector<SeenPacket>& packets();
    bool saw_to(const IpAddr& destination);
    bool saw_from(const EndpointAddr& source);

  private:
    Fd fd_;
    std::vector<SeenPacket> packets_;
};

}  // namespace sy::lab
