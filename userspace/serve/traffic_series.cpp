#include "serve/traffic_series.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sy {
namespace {

constexpr std::array kProtocols{Protocol::tcp, Protocol::udp, Protocol::sctp};

std::size_t kind_of(const PortTraffic& row) {
    const auto* const protocol = std::ranges::find(kProtocols, row.protocol);
    const auto place = static_cast<std::size_t>(protocol - kProtocols.begin());
    return place + (row.family == Family::ipv4 ? 0 : kProtocols.size());
}

uint8_t bit_of(const PortTraffic& row) {
    return static_cast<uint8_t>(1U << kind_of(row));
}

uint64_t traffic(const PortTraffic& row) {
    return row.connections + row.refusals;
}

/// Moves the rows from `middle` on to `shown`.
void move_tail(std::vector<PortTraffic>& rows, std::vector<PortTraffic>::iterator middle,
               std::vector<PortTraffic>& shown) {
    shown.insert(shown.end(), std::make_move_iterator(middle), std::make_move_iterator(rows.end()));
    rows.erase(middle, rows.end());
}

}  // namespace

std::vector<PortTraffic> TrafficSeries::show(std::vector<PortTraffic> now) {
    std::vector<PortTraffic> shown;
    take_kept(now, shown);
    take_busiest(now, shown);
    if (shown.size() + now.size() <= limit_) {
        move_tail(now, now.begin(), shown);
    }
    add_others(now, shown);
    return shown;
}

void TrafficSeries::take_kept(std::vector<PortTraffic>& rows, std::vector<PortTraffic>& shown) {
    const auto kept = std::partition(rows.begin(), rows.end(), [this](const PortTraffic& row) {
        const auto own = own_.find(row.port);
        const bool keep = own != own_.end() && (own->second.kept & bit_of(row)) != 0;
        if (keep) {
            own->second.seen |= bit_of(row);
        }
        return !keep;
    });
    move_tail(rows, kept, shown);
    // What is gone makes room.
    for (auto entry = own_.begin(); entry != own_.end();) {
        Own& own = entry->second;
        own.kept = std::exchange(own.seen, 0);
        entry = own.kept == 0 ? own_.erase(entry) : std::next(entry);
    }
}

void TrafficSeries::take_busiest(std::vector<PortTraffic>& rows, std::vector<PortTraffic>& shown) {
    const auto busy = std::partition(rows.begin(), rows.end(),
                                     [](const PortTraffic& row) { return traffic(row) == 0; });
    const auto room = static_cast<std::ptrdiff_t>(limit_ - std::min(limit_, shown.size()));
    const auto middle = std::distance(busy, rows.end()) > room ? rows.end() - room : busy;
    // The name decides between equals, so that it is not chance.
    std::nth_element(busy, middle, rows.end(), [](const PortTraffic& a, const PortTraffic& b) {
        return std::pair(traffic(a), std::string_view(b.port)) <
               std::pair(traffic(b), std::string_view(a.port));
    });
    for (auto row = middle; row != rows.end(); ++row) {
        own_[row->port].kept |= bit_of(*row);
    }
    move_tail(rows, middle, shown);
}

void TrafficSeries::add_others(const std::vector<PortTraffic>& rows,
                               std::vector<PortTraffic>& shown) {
    std::array<PortTraffic, kKinds> sums;
    for (const PortTraffic& row : rows) {
        PortTraffic& sum = sums[kind_of(row)];
        sum.port = kOthers;
        sum.connections += row.connections;
        sum.refusals += row.refusals;
    }
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
        PortTraffic& sum = sums[kind];
        sum.family = kind < kProtocols.size() ? Family::ipv4 : Family::ipv6;
        sum.protocol = kProtocols[kind % kProtocols.size()];
        Others& others = others_[kind];
        sum.connections = others.connections.follow(sum.connections);
        sum.refusals = others.refusals.follow(sum.refusals);
        if (!sum.port.empty() || traffic(sum) != 0) {
            sum.port = kOthers;
            shown.push_back(std::move(sum));
        }
    }
}

uint64_t TrafficSeries::Sum::follow(uint64_t present) {
    shown = std::max(shown, gone + present);
    gone = shown - present;
    return shown;
}

}  // namespace sy
