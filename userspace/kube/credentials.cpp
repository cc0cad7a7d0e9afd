#include "kube/credentials.h"

#include <boost/asio/io_context.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "kube/base64.h"
#include "kube/errand.h"
#include "kube/exec_credential.h"
#include "kube/followed_material.h"
#include "os/subprocess.h"

namespace sy {
namespace {

using SteadyClock = std::chrono::steady_clock;
using WallClock = std::chrono::system_clock;

// Renewed this much before it expires, so that it does not on its way.
constexpr auto kExpiryMargin = std::chrono::seconds(10);
constexpr std::size_t kMaxPluginOutput = 1UL << 20U;

std::string trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) {
        return {};
    }
    return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") + 1 - first));
}

Result<ExecCredential> run_plugin(const ExecPlugin& plugin, const Command& command) {
    const auto name = "exec plugin " + printable(plugin.command, 128);
    const auto result = run_program(command);
    if (!result) {
        const auto hint = plugin.install_hint.empty() || result.error().code != ENOENT
                              ? ""
                              : " (" + printable(plugin.install_hint, 256) + ')';
        return fail(result.error().what + hint, name, result.error().code);
    }
    if (result->status != 0) {
        const auto said = printable(trimmed(result->err), 256);
        return fail(
            "exited with " + std::to_string(result->status) + (said.empty() ? "" : ": " + said),
            name);
    }
    auto credential = parse_exec_credential(result->out, plugin.api_version);
    if (!credential) {
        return fail(credential.error().what, name);
    }
    return credential;
}

class LiveCredentials : public Credentials {
  public:
    LiveCredentials(boost::asio::io_context& io, Log& log, ApiAccess access,
                    CredentialOptions options)
        : io_(io),
          log_(log),
          options_(options),
          access_(std::move(access)),
          authority_(access_.authority, "certificate-authority", options.look_interval),
          certificate_(access_.client_certificate, "client-certificate", options.look_interval),
          key_(access_.client_key, "client-key", options.look_interval),
          token_(access_.token, "token", options.look_interval) {
        if (access_.token.given() || !access_.username.empty()) {
            access_.exec.reset();
        }
    }

    void get(Granted granted) override {
        look(false);
        if (plugin_ || (access_.exec && !plugin_credential_is_good())) {
            run([this, granted = std::move(granted)](const Result<ExecCredential>& credential) {
                granted(credential ? grant() : std::unexpected(credential.error()));
            });
            return;
        }
        granted(grant());
    }

    void refused(uint64_t generation, Renewed renewed) override {
        look(true);
        // Somebody else may have renewed it since.
        if (access_.exec && grant_ && grant_->generation == generation) {
            run([this, generation,
                 renewed = std::move(renewed)](const Result<ExecCredential>& credential) {
                if (!credential) {
                    log_.warning(credential.error().message());
                }
                renewed(is_newer(generation));
            });
            return;
        }
        renewed(is_newer(generation));
    }

  private:
    using PluginDone = std::function<void(const Result<ExecCredential>&)>;

    void look(bool force) {
        const auto now = SteadyClock::now();
        for (auto* const material : {&authority_, &certificate_, &key_, &token_}) {
            material->look(now, force, log_);
        }
    }

    bool is_newer(uint64_t generation) {
        const auto now = grant();
        return now && now->generation != generation;
    }

    // -- what there is --------------------------------------------------------------------------

    Result<Grant> grant() {
        auto tls = tls_context();
        if (!tls) {
            return std::unexpected(tls.error());
        }
        auto authorization = this->authorization();
        if (!authorization) {
            return std::unexpected(authorization.error());
        }
        if (!grant_ || grant_->tls != *tls || grant_->authorization != *authorization) {
            grant_ = Grant{*tls, std::move(*authorization), ++generation_};
        }
        return *grant_;
    }

    Result<std::string> authorization() const {
        if (!access_.username.empty()) {
            return "Basic " + base64(access_.username + ':' + access_.password);
        }
        if (!access_.token.given()) {
            const bool bearer = plugin_credential_ && !plugin_credential_->token.empty();
            return bearer ? "Bearer " + plugin_credential_->token : std::string();
        }
        const auto token = trimmed(token_.text());
        if (token.empty() && token_.fault()) {
            return std::unexpected(*token_.fault());
        }
        return "Bearer " + token;
    }

    Result<TlsContext> tls_context() {
        if (!access_.server.tls) {
            return TlsContext();
        }
        for (const auto* const material : {&authority_, &certificate_, &key_}) {
            if (material->text().empty() && material->fault()) {
                return std::unexpected(*material->fault());
            }
        }
        TlsMaterial wanted{.authority = authority_.text(),
                           .insecure = access_.insecure,
                           .certificate = certificate_.text(),
                           .key = key_.text()};
        if (wanted.certificate.empty() && plugin_credential_) {
            wanted.certificate = plugin_credential_->certificate;
            wanted.key = plugin_credential_->key;
        }
        if (tls_material_ != wanted) {
            renew_tls(std::move(wanted));
        }
        return tls_;
    }

    void renew_tls(TlsMaterial wanted) {
        auto made = make_tls_context(wanted);
        // Also what cannot be used is remembered, so that it is complained of once.
        tls_material_ = std::move(wanted);
        if (made) {
            tls_ = std::move(*made);
        } else if (tls_ && *tls_) {
            // Certificate and key are replaced one after the other.
            log_.warning(made.error().message() + "; the last one is used");
        } else {
            tls_ = std::unexpected(made.error());
        }
    }

    // -- plugins --------------------------------------------------------------------------------

    bool plugin_credential_is_good() const {
        return plugin_credential_ &&
               (!plugin_credential_->expires ||
                WallClock::now() + kExpiryMargin < *plugin_credential_->expires);
    }

    Command plugin_command() const {
        const auto& plugin = *access_.exec;
        Command command;
        command.argv.push_back(plugin.command);
        command.argv.insert(command.argv.end(), plugin.args.begin(), plugin.args.end());
        for (const auto& [name, value] : plugin.env) {
            std::string& variable = command.environment.emplace_back(name);
            variable += '=';
            variable += value;
        }
        command.environment.push_back("KUBERNETES_EXEC_INFO=" +
                                      exec_info(access_, authority_.text()));
        command.timeout = options_.plugin_timeout;
        command.output_limit = kMaxPluginOutput;
        return command;
    }

    void run(PluginDone done) {
        waiting_.push_back(std::move(done));
        if (plugin_) {
            return;
        }
        plugin_.emplace(io_, [this, plugin = *access_.exec, command = plugin_command()] {
            return [this, credential = run_plugin(plugin, command)] { on_plugin(credential); };
        });
    }

    void on_plugin(const Result<ExecCredential>& credential) {
        plugin_.reset();
        if (credential) {
            plugin_credential_ = *credential;
        }
        // Whoever is called may let go of us.
        const std::weak_ptr<void> alive = alive_;
        for (const auto& done : std::exchange(waiting_, {})) {
            if (!alive.expired()) {
                done(credential);
            }
        }
    }

    boost::asio::io_context& io_;
    Log& log_;
    CredentialOptions options_;
    ApiAccess access_;
    FollowedMaterial authority_;
    FollowedMaterial certificate_;
    FollowedMaterial key_;
    FollowedMaterial token_;

    std::optional<TlsMaterial> tls_material_;  // what tls_ was made of
    Result<TlsContext> tls_;
    std::optional<Grant> grant_;
    uint64_t generation_ = 0;

    std::optional<ExecCredential> plugin_credential_;
    std::vector<PluginDone> waiting_;
    std::shared_ptr<void> alive_ = std::make_shared<char>();
    std::optional<Errand> plugin_;
};

}  // namespace

std::unique_ptr<Credentials> Credentials::make(boost::asio::io_context& io, Log& log,
                                               ApiAccess access, CredentialOptions options) {
    return std::make_unique<LiveCredentials>(io, log, std::move(access), options);
}

}  // namespace sy
