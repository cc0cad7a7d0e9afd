// kubeconfig files, read as client-go reads the one that --kubeconfig names.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "kube/access.h"

namespace sy {

/// Reads the file at `path` and picks a context: `context`, else current-context. `master`, if not
/// empty, replaces the cluster's server and with it tls-server-name. Errors name file, line, field
/// and what to do.
Result<ApiAccess> read_kubeconfig(const std::string& path,
                                  const std::optional<std::string>& context = std::nullopt,
                                  std::string_view master = {});

/// The same for the text of the file at `path`, which is only named in errors and tells the folder
/// of relative file names.
Result<ApiAccess> parse_kubeconfig(std::string_view text, const std::string& path,
                                   const std::optional<std::string>& context = std::nullopt,
                                   std::string_view master = {});

}  // namespace sy
