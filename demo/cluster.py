"""The demo's little cluster: two nodes, four pods, a pod to speak from and a client outside, each a
network namespace, joined as a routed pod network would join them.

    client 192.168.50.100 ──┐
                            ├── lan ──┬── node1 192.168.50.1 ── pods 10.244.1.x
                                      └── node2 192.168.50.2 ── pods 10.244.2.x
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import sockets

PREFIX = "sy-demo-"
# Seconds after which something will not happen any more, even in an emulated machine.
PATIENCE = 120
STATE = "/run/switchyard-demo"
MANIFESTS = f"{STATE}/manifests"
LOG = f"{STATE}/switchyard.log"
HERE = os.path.dirname(os.path.abspath(__file__))

# Host part of the address on the LAN, in both families.
HOSTS = {"node1": 1, "node2": 2, "client": 100}
# Pod -> its node and the host part of its address. "shell" is the pod that requests come from.
PODS = {"pod-a": ("node1", 11), "pod-b": ("node1", 12), "pod-c": ("node1", 13),
        "shell": ("node1", 20), "pod-d": ("node2", 21)}
GATEWAYS = {"node1": "10.244.1.1", "node2": "10.244.2.1"}


def lan_address(host):
    return f"192.168.50.{HOSTS[host]}", f"fd00:192:168:50::{HOSTS[host]}"


def pod_address(pod):
    node, host = PODS[pod]
    number = node.removeprefix("node")
    return f"10.244.{number}.{host}", f"fd00:10:244:{number}::{host}"


def namespaces():
    return [PREFIX + name for name in ["lan", *HOSTS, *PODS]]


def existing_namespaces():
    """Namespaces of a demo, this one's or one before."""
    listed = subprocess.run(["ip", "netns", "list"], check=True, capture_output=True, text=True)
    names = [line.split()[0] for line in listed.stdout.splitlines() if line.strip()]
    return [name for name in names if name.startswith(PREFIX)]


def in_namespace(name, *command):
    # Not "ip netns exec": that would hide what is mounted below /sys.
    return ["nsenter", f"--net=/run/netns/{PREFIX}{name}", "--", *command]


def is_on_node1(name):
    """Whether processes there are node1's, those of its pods included."""
    return name == "node1" or PODS.get(name, [None])[0] == "node1"


def run(*command, given=None):
    """Runs a command that has to succeed; its output."""
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def has_ipv6():
    return os.path.exists("/proc/net/if_inet6")


class Cluster:
    """Owns the namespaces and every process in them. down() is safe at any moment."""

    def __init__(self, binary, proxy_mode):
        self.binary = binary
        self.proxy_mode = proxy_mode
        self.ipv6 = has_ipv6()
        self.ground = sockets.Ground(STATE) if proxy_mode == "ebpf" else None
        self.processes = []
        self.daemon = None
        self.daemon_starts = 0

    # -- up and down ---------------------------------------------------------------------------

    def up(self, examples):
        os.makedirs(STATE, mode=0o700)
        if self.ground:
            self.ground.make()
        shutil.copytree(examples, MANIFESTS)
        run("ip", "-batch", "-", given="".join(f"netns add {name}\n" for name in namespaces()))
        for name in namespaces():
            self._settings(name.removeprefix(PREFIX))
        self._wire_lan()
        for pod in PODS:
            self._wire_pod(pod)
        for pod in PODS:
            if pod != "shell":
                self.spawn(pod, sys.executable, f"{HERE}/pod.py", pod, stderr=subprocess.DEVNULL)
        for pod in PODS:
            if pod != "shell":
                self._await_pod(pod)

    def _await_pod(self, pod):
        deadline = time.monotonic() + PATIENCE
        while "error" in self.get("shell", pod_address(pod)[0], 8080, 1)[0]:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{pod} does not answer")

    def _settings(self, name):
        """Addresses usable at once, forwarding where packets pass, plain reverse paths."""
        settings = ["net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0"]
        if self.ipv6:
            settings += ["net.ipv6.conf.all.disable_ipv6=0", "net.ipv6.conf.default.accept_dad=0",
                         "net.ipv6.conf.default.accept_ra=0"]
        if name.startswith("node"):
            settings.append("net.ipv4.ip_forward=1")
            if self.ipv6:
                settings.append("net.ipv6.conf.all.forwarding=1")
        run(*in_namespace(name, "sysctl", "-q", "-w", *settings))
        run("ip", "-n", PREFIX + name, "link", "set", "lo", "up")

    def _batch(self, name, lines):
        """Runs `ip` commands in a namespace; those with an IPv6 address only where there is IPv6."""
        wanted = [line for line in lines if self.ipv6 or ":" not in line]
        run("ip", "-n", PREFIX + name, "-batch", "-", given="\n".join(wanted) + "\n")

    def _wire_lan(self):
        self._batch("lan", ["link add br0 type bridge", "link set br0 up"])
        for host in HOSTS:
            run("ip", "link", "add", "eth0", "netns", PREFIX + host,
                "type", "veth", "peer", "name", host, "netns", PREFIX + "lan")
            self._batch("lan", [f"link set {host} master br0 up"])
            ipv4, ipv6 = lan_address(host)
            self._batch(host, [f"addr add {ipv4}/24 dev eth0", f"addr add {ipv6}/64 dev eth0 nodad",
                               "link set eth0 up"])
        for node, other in [("node1", "node2"), ("node2", "node1")]:
            ipv4, ipv6 = lan_address(other)
            number = other.removeprefix("node")
            self._batch(node, [f"route add 10.244.{number}.0/24 via {ipv4}",
                               f"route add fd00:10:244:{number}::/64 via {ipv6}"])
            # A way out, as every node has one: refusals by iptables come after routing.
            self._batch(node, ["route add default via 192.168.50.254",
                               "route add default via fd00:192:168:50::254"])
        # The load balancer's address leads to node1, as a router or BGP would arrange it.
        self._batch("client", [f"route add 203.0.113.0/24 via {lan_address('node1')[0]}"])

    def _wire_pod(self, pod):
        """A routed veth: nothing is bridged, so every packet passes the node's rules."""
        node = PODS[pod][0]
        gateway = GATEWAYS[node]
        ipv4, ipv6 = pod_address(pod)
        run("ip", "link", "add", "eth0", "netns", PREFIX + pod,
            "type", "veth", "peer", "name", pod, "netns", PREFIX + node)
        self._batch(node, [f"addr add {gateway}/32 dev {pod}", f"addr add fe80::1/64 dev {pod} nodad",
                           f"link set {pod} up", f"route add {ipv4}/32 dev {pod}",
                           f"route add {ipv6}/128 dev {pod}"])
        self._batch(pod, [f"addr add {ipv4}/32 dev eth0", f"addr add {ipv6}/128 dev eth0 nodad",
                          "link set eth0 up", f"route add default via {gateway} dev eth0 onlink",
                          "route add default via fe80::1 dev eth0"])

    def down(self):
        """Ends what was started and removes every trace."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
        for process in self.processes:
            process.wait()
        self.processes = []
        remove_leftovers()

    def leave_up(self):
        """Remembers the processes for remove_leftovers(), which a later run calls."""
        with open(f"{STATE}/pids", "w", encoding="utf-8") as file:
            json.dump([process.pid for process in self.processes if process.poll() is None], file)
        if self.ground:
            self.ground.write_entrance(f"{STATE}/in", PREFIX)

    def enter(self, name):
        """What to put before a command so that it runs there; after leave_up()."""
        inside = self.ground and is_on_node1(name)
        return f"{STATE}/in {name}" if inside else f"ip netns exec {PREFIX}{name}"

    # -- processes -----------------------------------------------------------------------------

    def spawn(self, where, *command, **options):
        """Starts a process in a namespace; it ends with the demo."""
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.DEVNULL)
        if self.ground and is_on_node1(where):
            options["preexec_fn"] = self.ground.join
        # A session of its own: Ctrl-C at the terminal is for the demo, which then cleans up.
        process = subprocess.Popen(in_namespace(where, *command), start_new_session=True, **options)
        self.processes.append(process)
        return process

    def client(self, where, *arguments):
        """A client process with pipes for text."""
        return self.spawn(where, sys.executable, f"{HERE}/client.py", *map(str, arguments),
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def get(self, where, host, port, count):
        """What `count` requests from a namespace saw."""
        process = self.client(where, "get", host, port, count)
        return json.loads(process.communicate()[0])

    # -- the daemon ----------------------------------------------------------------------------

    def daemon_command(self):
        return [self.binary, "run", "--manifests", MANIFESTS, "--proxy-mode", self.proxy_mode,
                "--hostname-override", "node1",
                "--cluster-cidr", "10.244.0.0/16,fd00:10:244::/48", *self.places()]

    def places(self):
        """Flags that say where the daemon works and keeps things."""
        return self.ground.flags() if self.ground else []

    def start_daemon(self):
        """Starts the daemon on node1 and waits until it is in sync; the log line that says so."""
        with open(LOG, "a", encoding="utf-8") as log:
            start = log.tell()
            self.daemon = self.spawn("node1", *self.daemon_command(), stdout=log, stderr=log)
        self.daemon_starts += 1
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if line := next((l for l in self.log_since(start) if "synced:" in l), None):
                return line[line.index("synced:"):]
            if self.daemon.poll() is not None:
                raise RuntimeError(f"switchyard ended with {self.daemon.returncode}")
            time.sleep(0.01)
        raise RuntimeError(f"switchyard was not in sync after {PATIENCE} seconds")

    def log_since(self, position):
        with open(LOG, encoding="utf-8", errors="replace") as log:
            log.seek(position)
            return log.read().splitlines()

    def kill_daemon(self):
        """SIGKILL: no chance to tidy up."""
        self.daemon.kill()
        self.daemon.wait()

    def stop_daemon(self):
        """SIGTERM; the exit status."""
        self.daemon.terminate()
        return self.daemon.wait(timeout=PATIENCE)

    def ruleset(self):
        return run(*in_namespace("node1", "nft", "list", "ruleset"))


def edit(name, change):
    """Saves a manifest after `change`, as editors do: a new file moved over the old one. Returns
    the moment (monotonic, ns) just before the move."""
    path = f"{MANIFESTS}/{name}"
    with open(path, encoding="utf-8") as file:
        text = change(file.read())
    with open(f"{STATE}/saved", "w", encoding="utf-8") as file:
        file.write(text)
    moment = time.monotonic_ns()
    os.rename(f"{STATE}/saved", path)
    return moment


def remove_leftovers():
    """Removes the namespaces of any demo, the processes that its state file names if they still
    live in one of them, and the state folder."""
    living = set()
    for name in existing_namespaces():
        living.update(map(int, run("ip", "netns", "pids", name).split()))
    try:
        with open(f"{STATE}/pids", encoding="utf-8") as file:
            known = set(json.load(file))
    except (OSError, ValueError):
        known = set()
    for pid in known & living:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # ended by itself
    for name in existing_namespaces():
        inode = os.stat(f"/run/netns/{name}").st_ino
        # The daemon's lock of this namespace; the kernel has let go of it, the file remains.
        pathlib.Path(f"/run/switchyard/net-{inode}.lock").unlink(missing_ok=True)
        subprocess.run(["ip", "netns", "delete", name], check=False)
    sockets.Ground(STATE).remove()
    shutil.rmtree(STATE, ignore_errors=True)
