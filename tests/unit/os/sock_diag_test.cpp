#include "os/sock_diag.h"

#include <gmock/gmock.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <netinet/in.h>

#include <cstring>

namespace sy {
namespace {

EndpointAddr at(std::string_view ip, uint16_t port) {
    return {IpAddr::parse(ip).value(), Port{port}};
}

inet_diag_req_v2 request_of(const std::vector<uint8_t>& message) {
    inet_diag_req_v2 request{};
    EXPECT_EQ(message.size(), sizeof(nlmsghdr) + sizeof request);
    std::memcpy(&request, message.data() + sizeof(nlmsghdr), sizeof request);
    return request;
}

std::string hex(const void* bytes, std::size_t size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) {
        text += "0123456789abcdef"[static_cast<const uint8_t*>(bytes)[i] >> 4U];
        text += "0123456789abcdef"[static_cast<const uint8_t*>(bytes)[i] & 0xfU];
    }
    return text;
}

TEST(SockDiag, NamesASocketByAddressesInterfaceAndCookie) {
    const auto request = request_of(destroy_message({.local = at("10.0.0.1", 0x1234),
                                                     .remote = at("10.0.0.2", 53),
                                                     .mapped = false,
                                                     .interface = 7,
                                                     .cookie = 0x1122334455667788},
                                                    5));
    EXPECT_EQ(request.sdiag_family, AF_INET);
    EXPECT_EQ(request.sdiag_protocol, IPPROTO_UDP);
    EXPECT_EQ(hex(&request.id.idiag_sport, 2), "1234");
    EXPECT_EQ(hex(&request.id.idiag_dport, 2), "0035");
    EXPECT_EQ(hex(request.id.idiag_src, 16), "0a000001000000000000000000000000");
    EXPECT_EQ(hex(request.id.idiag_dst, 16), "0a000002000000000000000000000000");
    EXPECT_EQ(request.id.idiag_if, 7U);
    EXPECT_EQ(request.id.idiag_cookie[0], 0x55667788U);
    EXPECT_EQ(request.id.idiag_cookie[1], 0x11223344U);
}

TEST(SockDiag, IPv6) {
    const auto request = request_of(destroy_message(
        {.local = at("fd00::1", 1), .remote = at("fd00::2", 2), .mapped = false}, 5));
    EXPECT_EQ(request.sdiag_family, AF_INET6);
    EXPECT_EQ(hex(request.id.idiag_src, 16), "fd000000000000000000000000000001");
    EXPECT_EQ(hex(request.id.idiag_dst, 16), "fd000000000000000000000000000002");
}

TEST(SockDiag, AnIPv6SocketThatSpeaksIPv4HasMappedAddresses) {
    const auto request = request_of(destroy_message(
        {.local = at("10.0.0.1", 1), .remote = at("10.0.0.2", 2), .mapped = true}, 5));
    EXPECT_EQ(request.sdiag_family, AF_INET6);
    EXPECT_EQ(hex(request.id.idiag_src, 16), "00000000000000000000ffff0a000001");
    EXPECT_EQ(hex(request.id.idiag_dst, 16), "00000000000000000000ffff0a000002");
}

}  // namespace
}  // namespace sy
