// What our servers answer, as values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/names.h"
#include "http/message.h"
#include "serve/health.h"

namespace sy {

/// /healthz and /livez, byte for byte what kube-proxy writes.
HttpResponse health_page(const HealthReport& report);
/// /readyz: 503 names what is missing.
HttpResponse ready_page(const Readiness& readiness);
/// A health check node port: 200 if there are local Ready endpoints and the proxy is healthy.
HttpResponse health_check_page(const ServiceName& service, uint32_t local_endpoints,
                               bool proxy_healthy);
HttpResponse text_page(std::string body);
HttpResponse not_found_page();

}  // namespace sy
