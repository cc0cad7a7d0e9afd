# Third-party libraries, all from Debian packages (scripts/packages.txt).

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(MNL REQUIRED IMPORTED_TARGET libmnl)
pkg_check_modules(NFTNL REQUIRED IMPORTED_TARGET libnftnl)
pkg_check_modules(CAP REQUIRED IMPORTED_TARGET libcap)
pkg_check_modules(NFCT REQUIRED IMPORTED_TARGET libnetfilter_conntrack)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(simdjson REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(Boost 1.81 REQUIRED)  # headers only: Asio, unordered_flat_map
find_package(OpenSSL REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(GTest REQUIRED)
if(SWITCHYARD_BENCH)
  find_package(benchmark REQUIRED)
endif()
