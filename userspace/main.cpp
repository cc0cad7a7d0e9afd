#include <cstdio>
#include <exception>
#include <span>

#include "cli/commands/entry.h"

int main(int argc, char** argv) {
    try {
        return sy::switchyard(std::span<const char* const>(argv, static_cast<std::size_t>(argc)));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "switchyard: broken invariant: %s\n", error.what());
        return 1;
    }
}
