"""The story of the demo. Each act shows something and checks that it is as narrated; the first
thing that is not ends the demo with exit code 1. scripts/demo sets up what this needs.
"""
import argparse
import json
import os
import re
import signal
import statistics
import sys
import time
from collections import Counter

import cluster as lab
import rules
from pod import download_digest
from screen import DemoFailed, Screen
from socket_acts import SocketActs

WEB = "10.96.0.10"
WEB_IPV6 = "fd00:10:96::10"
SHOP = "10.96.0.20"
CART = "10.96.0.30"
SOON = "10.96.0.40"
DNS = "10.96.0.53"
LOAD_BALANCER = "203.0.113.20"
NODE1 = lab.lan_address("node1")[0]
CLIENT = lab.lan_address("client")[0]
FLIPS = 15


def endpoint(pod):
    """The line of a manifest that makes a pod an endpoint."""
    return (f"  - {{addresses: [{lab.pod_address(pod)[0]}], nodeName: {lab.PODS[pod][0]}, "
            "conditions: {ready: true}}\n")


class Story:
    """The acts, in the order of run()."""

    def __init__(self, screen, cluster):
        self.screen = screen
        self.cluster = cluster
        self.sockets = SocketActs(screen, cluster) if cluster.ground else None
        self.rules = rules.BY_MODE[cluster.proxy_mode]()

    def run(self, examples):
        self.opening(examples)
        self.spread()
        if self.sockets:
            self.sockets.translated(WEB)
        self.from_outside()
        self.affinity()
        self.refused()
        self.change_under_traffic()
        self.time_to_first_packet()
        self.sigkill()
        self.drift()
        if self.sockets:
            self.sockets.hooks_gone(WEB)
        self.words()

    # -- helpers -------------------------------------------------------------------------------

    def answers(self, where, host, port, count):
        """Requests that must all be answered; the list of answers."""
        answers = self.cluster.get(where, host, port, count)
        errors = Counter(answer["error"] for answer in answers if "error" in answer)
        if errors:
            raise DemoFailed(f"{where} to {host} port {port}: {dict(errors)} of {count} requests")
        return answers

    def show_edit(self, name, removed=(), added=()):
        """Edits a manifest line by line and shows the difference; when it was saved."""

        def change(text):
            for line in removed:
                text = text.replace(line, "", 1)
            for after, line in added:
                text = text.replace(after, after + line, 1)
            return text

        moment = lab.edit(name, change)
        for line in removed:
            self.screen.line("   " + self.screen.paint("31", "-" + line.rstrip()))
        for _, line in added:
            self.screen.line("   " + self.screen.paint("32", "+" + line.rstrip()))
        return moment

    # -- acts ----------------------------------------------------------------------------------

    def opening(self, examples):
        screen = self.screen
        screen.act("A cluster, and a daemon on one of its nodes")
        self.cluster.up(examples)
        screen.say(f"""
client {CLIENT} ──┐
                        ├── LAN ──┬── node1 {NODE1} ── pod-a, pod-b, pod-c, shell (10.244.1.x)
                                  └── node2 {lab.lan_address("node2")[0]} ── pod-d (10.244.2.x)""")
        screen.say("Every name is a network namespace. switchyard runs on node1 and reads the\n"
                   "manifests of examples/; nothing else on the nodes knows of Services.")
        lab.run(*lab.in_namespace("node1", "nft", "add", "table", "inet",
                                    rules.SOMEBODY_ELSES))
        before = self.cluster.get("shell", WEB, 80, 1)[0]
        screen.check("error" in before, f"before: {WEB} leads nowhere", str(before))
        screen.command("switchyard " + " ".join(self.cluster.daemon_command()[1:]))
        screen.check(True, self.cluster.start_daemon())

    def spread(self):
        screen = self.screen
        screen.act("One address, three pods")
        screen.say(f"300 requests from the pod \"shell\" to {WEB}:80, the ClusterIP of \"web\":")
        families = [WEB]
        if self.cluster.ipv6:
            families.append(WEB_IPV6)
        for address in families:
            answers = self.answers("shell", address, 80, 300 if address == WEB else 60)
            counts = Counter(answer["pod"] for answer in answers)
            if address == WEB:
                screen.bars(counts)
            even = len(answers) / 3
            screen.check(set(counts) == {"pod-a", "pod-b", "pod-d"}
                         and all(even / 5 < count < even * 3 for count in counts.values()),
                         f"{len(answers)} of {len(answers)} answered, spread over three pods"
                         + (" (the same over IPv6)" if address == WEB_IPV6 else ""), str(counts))
            shell = lab.pod_address("shell")
            screen.check({answer["saw"] for answer in answers} <= set(shell),
                         "every pod saw the address of the asking pod")

    def from_outside(self):
        screen = self.screen
        screen.act("From outside the cluster, with and without the client's address")
        screen.say(f"The client on the LAN asks node1, port 30080 (\"web\", external policy Cluster):")
        answers = self.answers("client", NODE1, 30080, 90)
        counts = Counter(answer["pod"] for answer in answers)
        screen.bars(counts)
        screen.check(set(counts) == {"pod-a", "pod-b", "pod-d"}, "pods of both nodes answer",
                     str(counts))
        saw = {answer["saw"] for answer in answers}
        screen.check(saw <= {NODE1, lab.GATEWAYS["node1"]},
                     f"they saw an address of node1 ({', '.join(sorted(saw))}), so answers come back "
                     "through it", str(saw))
        screen.say("Port 30081 (\"shop\", external policy Local), and its load balancer address:")
        for host, port in [(NODE1, 30081), (LOAD_BALANCER, 80)]:
            answers = self.answers("client", host, port, 20)
            screen.check({(answer["pod"], answer["saw"]) for answer in answers} == {("pod-a", CLIENT)},
                         f"{host}:{port}: only pod-a, which is on node1, and it saw {CLIENT} itself",
                         str(answers))

    def affinity(self):
        screen = self.screen
        screen.act("Session affinity")
        screen.say(f"\"cart\" ({CART}) keeps a client with one pod. 40 requests from each of three:")
        for where in ["shell", "pod-b", "pod-c"]:
            pods = {answer["pod"] for answer in self.answers(where, CART, 80, 40)}
            screen.check(len(pods) == 1, f"{where}: always {', '.join(sorted(pods))}")

    def refused(self):
        screen = self.screen
        screen.act("A Service without endpoints")
        for address, port, what in [(SOON, 80, "\"soon\" has no endpoints"),
                                    (WEB, 81, "\"web\" has no port 81")]:
            began = time.monotonic()
            answer = self.cluster.get("shell", address, port, 1)[0]
            screen.check(answer.get("error") == "refused",
                         f"{what}: refused, not left hanging "
                         f"({(time.monotonic() - began) * 1000:.0f} ms, start of the client included)",
                         str(answer))

    def change_under_traffic(self):
        screen = self.screen
        screen.act("Endpoints come and go under traffic")
        screen.say("A client asks \"web\" without a pause while the manifest changes:")
        client = self.cluster.client("client", "steady", NODE1, 30080)
        client.stdout.readline()
        time.sleep(1.5)
        screen.say("pod-c comes,")
        added = self.show_edit("web.yaml", added=[(endpoint("pod-b"), endpoint("pod-c"))])
        time.sleep(2.5)
        screen.say("and pod-b goes.")
        removed = self.show_edit("web.yaml", removed=[endpoint("pod-b")])
        time.sleep(2.5)
        answers = json.loads(client.communicate("stop\n")[0])

        settle = 1_000_000_000  # a busy machine may take its time; the next act measures
        phases = {
            "at first": [a for a in answers if a["at"] < added],
            "with pod-c": [a for a in answers if added + settle < a["at"] < removed],
            "without pod-b": [a for a in answers if removed + settle < a["at"]],
        }
        for name, part in phases.items():
            screen.say(f"Who answered, {name}:")
            screen.bars(Counter(a.get("pod", "LOST") for a in part))
        pods = {name: {a.get("pod") for a in part} for name, part in phases.items()}
        screen.check(pods["at first"] == {"pod-a", "pod-b", "pod-d"}, "pod-c gets nothing before", pods)
        screen.check(pods["with pod-c"] == {"pod-a", "pod-b", "pod-c", "pod-d"},
                     "then it gets its share", pods)
        screen.check(pods["without pod-b"] == {"pod-a", "pod-c", "pod-d"},
                     "and pod-b nothing any more", pods)
        lost = [a for a in answers if "error" in a]
        screen.check(not lost, f"{len(answers)} requests, none lost", str(lost[:3]))

    def time_to_first_packet(self):
        screen = self.screen
        screen.act("From saving a file to the first packet that follows it")
        screen.say(f"\"dns\" has one endpoint, which moves between pod-a and pod-d {FLIPS} times. A "
                   "client sends\npacket after packet, each as a new connection, until the other pod "
                   "answers.")
        client = self.cluster.client("shell", "probe", DNS, 53)
        pods = ["pod-a", "pod-d"]
        screen.check(json.loads(client.stdout.readline())["pod"] == pods[0], f"{pods[0]} answers first")
        delays = []
        for flip in range(FLIPS):
            old, new = pods[flip % 2], pods[(flip + 1) % 2]
            client.stdin.write("go\n")
            client.stdin.flush()
            client.stdout.readline()
            time.sleep(0.05)  # let the packets flow before the change
            saved = lab.edit("dns.yaml", lambda text: text.replace(endpoint(old), endpoint(new)))
            answer = json.loads(client.stdout.readline())
            if answer["pod"] != new or answer["sent"] < saved:
                raise DemoFailed(f"{answer} after moving the endpoint to {new}")
            delays.append((answer["sent"] - saved) / 1e6)
            time.sleep(0.15)  # from rest, each time
        client.stdin.close()
        client.wait()
        delays.sort()
        screen.check(True, f"median {statistics.median(delays):.2f} ms "
                     f"(best {delays[0]:.2f}, worst {delays[-1]:.2f}), from rename() to sendto()")

    def sigkill(self):
        screen = self.screen
        screen.act("The daemon is killed while a download goes on")
        client = self.cluster.client("client", "download", NODE1, 30080)
        expected_size, expected_digest = download_digest()

        def receive(until):
            while line := client.stdout.readline():
                progress = json.loads(line)
                if progress["bytes"] >= until or "sha256" in progress:
                    return progress
            raise DemoFailed("the download broke off")

        def percent(progress):
            return f"{100 * progress['bytes'] // expected_size} %"

        progress = receive(expected_size // 5)
        self.cluster.kill_daemon()
        screen.say(f"{percent(progress)}: kill -9")
        answers = self.answers("shell", WEB, 80, 100)
        screen.check(True, f"{len(answers)} of {len(answers)} new connections while no daemon runs")
        progress = receive(expected_size // 2)
        synced = self.cluster.start_daemon()
        screen.say(f"{percent(progress)}: started again")
        screen.check(re.search(r"\b0 writes\b", synced), f"it takes over what is there: {synced}")
        progress = receive(expected_size + 1)
        screen.check((progress["bytes"], progress.get("sha256")) == (expected_size, expected_digest),
                     f"{progress['bytes'] / 1e6:.1f} MB arrived, complete and unharmed "
                     f"(sha256 {expected_digest[:12]}…)", str(progress))

    def drift(self):
        screen = self.screen
        screen.act("Somebody deletes the rules")
        screen.command(" ".join(self.rules.damage))
        lab.run(*lab.in_namespace("node1", *self.rules.damage))
        began = time.monotonic()
        # Sockets of node1's pods would not notice, had they been translated.
        asking = ("client", NODE1, 30080) if self.sockets else ("shell", WEB, 80)
        while "error" in self.cluster.get(*asking, 1)[0]:
            if time.monotonic() - began > lab.PATIENCE:
                raise DemoFailed(f"the rules have not come back after {lab.PATIENCE} seconds")
        screen.check(True, f"they are back; the first try that worked ended after "
                     f"{(time.monotonic() - began) * 1000:.0f} ms")

    def words(self):
        screen = self.screen
        screen.act("What it writes is for people to read")
        screen.command(f"switchyard render --manifests {lab.MANIFESTS} "
                       f"--proxy-mode {self.cluster.proxy_mode}")
        binary, *rest = self.cluster.daemon_command()
        text = lab.run(binary, "render", *rest[1:])
        screen.quote(self.rules.excerpt(text))
        screen.say(f"({len(text.splitlines())} lines in all. {self.rules.remark})")
        if self.sockets:
            text = self.sockets.words(text)
        screen.check(True, self.rules.accepted(text))

    def cleanup(self):
        screen = self.screen
        screen.act("Gone without a trace")
        status = self.cluster.stop_daemon()
        screen.check(status == 0, "SIGTERM: the daemon ends with status 0", f"status {status}")
        self.answers("shell", WEB, 80, 20)
        screen.check(True, "its rules stay: 20 of 20 connections work without it")
        command = ["cleanup", *self.cluster.places()]
        screen.command("switchyard " + " ".join(command))
        lab.run(*lab.in_namespace("node1", self.cluster.binary, *command))
        left = self.rules.left(self.cluster)
        screen.check(not left, self.rules.nothing_left, left)
        if self.sockets:
            self.sockets.nothing_left()

    def how_to_play(self):
        enter = self.cluster.enter
        hints = [
            (f"{enter('shell')} curl -s {WEB}", "several times"),
            (f"{enter('client')} curl -s {NODE1}:30080", "from outside"),
            (f"{enter('client')} curl -s {LOAD_BALANCER}", "the pod sees the client"),
            (f"$EDITOR {lab.MANIFESTS}/web.yaml", "an endpoint is one line"),
            (f"{enter('node1')} sh -c '{self.rules.look}'", "what switchyard wrote"),
            (f"{enter('node1')} {self.rules.flush}", "it comes back"),
            *(self.sockets.hints() if self.sockets else []),
            (f"tail -f {lab.LOG}", "what the daemon says"),
            ("scripts/demo --down", "remove it all"),
        ]
        self.screen.line()
        self.screen.say("The cluster stays up, and switchyard runs on node1. Things to try:")
        for command, meaning in hints:
            self.screen.line(f"     {command:<58} # {meaning}")


def play(options):
    screen = Screen()
    if os.path.exists(lab.STATE) or lab.existing_namespaces():
        print("A demo is still up. Play with it, or remove it with: scripts/demo --down",
              file=sys.stderr)
        return 1
    cluster = lab.Cluster(options.binary, options.proxy_mode)
    story = Story(screen, cluster)
    began = time.monotonic()
    keep = False
    try:
        story.run(options.examples)
        if options.keep:
            cluster.leave_up()
            keep = True
        else:
            story.cleanup()
    except (DemoFailed, RuntimeError, OSError, ValueError) as failure:
        screen.line()
        screen.line(screen.paint("1;31", f"The demo failed: {failure}"))
        if os.path.exists(lab.LOG):
            screen.line("The daemon's last lines:")
            screen.quote(cluster.log_since(0)[-15:])
        return 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):  # nothing may interrupt the cleanup
            signal.signal(number, signal.SIG_IGN)
        if not keep:
            cluster.down()
    if keep:
        story.how_to_play()
    screen.line()
    screen.line(screen.paint("1;32", f"All {screen.checks} claims held")
                + f" ({time.monotonic() - began:.0f} s).")
    return 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--examples", required=True)
    parser.add_argument("--proxy-mode", required=True)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--down", action="store_true")
    options = parser.parse_args()
    if options.down:
        lab.remove_leftovers()
        return 0
    # So that the cleanup above also happens when somebody ends the demo with SIGTERM.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return play(options)
    except KeyboardInterrupt:
        print("\nInterrupted; everything is removed.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
