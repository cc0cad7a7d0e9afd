// The test API server as a program: for trying things by hand, with kubectl as the client.
#include <charconv>
#include <csignal>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/support/api_server.h"
#include "tests/support/api_server_kubeconfig.h"

namespace {

constexpr const char* kUsage =
    "usage: switchyard_test_apiserver --kubeconfig FILE [--address IP] [--port N] [--services N]\n"
    "         [--plain] [DOCUMENTS.json …]\n"
    "Serves until SIGTERM or SIGINT. Writes a kubeconfig with a client certificate for itself.\n"
    "  --services N   N Services and EndpointSlices to begin with, in the namespace bulk\n"
    "  --plain        HTTP, everyone is welcome\n"
    "Documents are JSON, several of a file apart by lines of \"---\".\n";

struct Arguments {
    std::string kubeconfig;
    std::string address = "127.0.0.1";
    uint16_t port = 0;
    uint32_t services = 0;
    bool plain = false;
    std::vector<std::string> documents;
};

template <class Number>
bool parse_number(const std::string& text, Number& number) {
    const char* end = text.data() + text.size();
    return std::from_chars(text.data(), end, number).ptr == end && !text.empty();
}

bool parse(const std::vector<std::string>& words, Arguments& result) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        const std::string value = i + 1 < words.size() ? words[i + 1] : "";
        if (word == "--plain") {
            result.plain = true;
        } else if (!word.starts_with("--")) {
            result.documents.push_back(word);
        } else {
            ++i;
            const bool good = (word == "--kubeconfig" && !(result.kubeconfig = value).empty()) ||
                              (word == "--address" && !(result.address = value).empty()) ||
                              (word == "--port" && parse_number(value, result.port)) ||
                              (word == "--services" && parse_number(value, result.services));
            if (!good) {
                return false;
            }
        }
    }
    return !result.kubeconfig.empty();
}

int serve(const Arguments& arguments) {
    using namespace sy::lab;
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, nullptr);

    const CertificateAuthority authority;
    ApiServerOptions options;
    options.address = arguments.address;
    options.port = arguments.port;
    if (!arguments.plain) {
        options.certificate = authority.server({{"localhost", "kubernetes"}, {arguments.address}});
        options.client_authority = authority.certificate();
    }
    TestApiServer server(options);
    for (const std::string name : {"default", "kube-system", "bulk"}) {
        server.put(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":")" + name +
                   R"("},"spec":{"finalizers":["kubernetes"]},"status":{"phase":"Active"}})");
    }
    for (const std::string& path : arguments.documents) {
        std::ifstream file(path);
        server.put_all(std::string(std::istreambuf_iterator<char>(file), {}));
    }
    if (arguments.services != 0) {
        BulkSpec bulk;
        bulk.services = arguments.services;
        server.load(bulk);
    }
    server.start();
    Kubeconfig kubeconfig;
    kubeconfig.server = server.url();
    if (!arguments.plain) {
        kubeconfig.authority = authority.certificate();
        kubeconfig.client = authority.client("kubernetes-admin", {"system:masters"});
    }
    std::ofstream(arguments.kubeconfig) << kubeconfig.text();
    std::cout << server.url() << std::endl;
    int signal = 0;
    sigwait(&ends, &signal);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    if (!parse({argv + 1, argv + argc}, arguments)) {
        std::cerr << kUsage;
        return 2;
    }
    try {
        return serve(arguments);
    } catch (const std::exception& error) {
        std::cerr << "switchyard_test_apiserver: " << error.what() << "\n";
        return 1;
    }
}
