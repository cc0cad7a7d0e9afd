#include "tests/support/temp_folder.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace sy::lab {

TempFolder::TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "switchyard-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
        throw std::runtime_error("cannot make a temporary folder");
    }
    path_ = name;
}

TempFolder::~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string TempFolder::write(const std::string& name, std::string_view text) const {
    namespace fs = std::filesystem;
    const fs::path target = path_ / name;
    const fs::path beside = path_ / ("." + name + ".new");
    std::ofstream file(beside, std::ios::binary | std::ios::trunc);
    fs::permissions(beside, fs::perms::owner_read | fs::perms::owner_write);
    file << text;
    file.close();
    if (!file) {
        throw std::runtime_error("cannot write " + beside.string());
    }
    fs::rename(beside, target);
    return target.string();
}

}  // namespace sy::lab
