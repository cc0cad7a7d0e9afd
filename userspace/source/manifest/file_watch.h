// Follows one file that decides something, such as the configuration.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/log.h"
#include "base/result.h"

namespace boost::asio {
class io_context;
}

namespace sy {

/// Tells when a file has other content: written in place, replaced by a rename, or reached by
/// symbolic links that lead elsewhere now (a mounted ConfigMap). A file that is gone is no news: it
/// is most likely about to be there again. Lives on the strand.
class FileWatch {
  public:
    /// With what the file contains now.
    using Changed = std::function<void(std::string content)>;

    FileWatch(boost::asio::io_context& io, Log& log, const std::string& path);
    FileWatch(const FileWatch&) = delete;
    FileWatch& operator=(const FileWatch&) = delete;
    /// No call follows.
    ~FileWatch();

    /// `content` is what the caller has read and acted upon already. `changed` is never called from
    /// within.
    Result<void> start(std::string content, Changed changed);

  private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace sy
