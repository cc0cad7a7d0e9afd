"""Where mode ebpf works in the demo: a cgroup for the processes of node1 and its pods, as their
sockets are what is translated, and a bpf file system for what outlives the daemon.
"""
import os
import pathlib
import subprocess
import time


def cgroup2():
    """Where cgroup2 is mounted; unified or hybrid."""
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        for line in mounts:
            _, folder, kind, *_ = line.split()
            if kind == "cgroup2":
                return folder
    raise RuntimeError("mode ebpf needs cgroup2, and it is mounted nowhere")


class Ground:
    """Made by make(); remove() is safe at any moment, also for what a demo before has left."""

    def __init__(self, state):
        self.bpf = f"{state}/bpf"
        self.pins = f"{self.bpf}/switchyard"
        try:
            self.cgroup = f"{cgroup2()}/switchyard-demo"
        except RuntimeError:
            self.cgroup = None

    def make(self):
        if not self.cgroup:
            cgroup2()  # says what is missing
        os.makedirs(self.cgroup, exist_ok=True)
        os.makedirs(self.bpf, mode=0o700)
        subprocess.run(["mount", "-t", "bpf", "bpf", self.bpf], check=True)

    def flags(self):
        return ["--cgroup-root", self.cgroup, "--bpf-root", self.pins]

    def join(self):
        """Moves the calling process into the cgroup; its children will be there, too."""
        with open(f"{self.cgroup}/cgroup.procs", "w", encoding="utf-8") as file:
            file.write("0")

    def attached(self):
        """What is attached to the cgroup, in the words of bpftool; empty: nothing."""
        # Outside of this mode nobody needs bpftool.
        listed = subprocess.run(["bpftool", "cgroup", "show", self.cgroup], check=True,
                                capture_output=True, text=True)
        return listed.stdout.strip()

    def pinned(self):
        return sorted(os.listdir(self.pins)) if os.path.isdir(self.pins) else []

    def write_entrance(self, path, prefix):
        """A command that runs others as processes of node1 and its pods."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"""#!/bin/sh
# usage: {path} NAME COMMAND...
echo $$ >{self.cgroup}/cgroup.procs
name=$1
shift
exec nsenter --net=/run/netns/{prefix}"$name" -- "$@"
""")
        os.chmod(path, 0o700)

    def remove(self):
        while os.path.ismount(self.bpf):
            subprocess.run(["umount", self.bpf], check=True)
        # Locks of what is pinned there; whoever held them has ended, the files remain.
        for lock in pathlib.Path("/run/switchyard").glob("*run-switchyard%2ddemo-*.lock"):
            lock.unlink(missing_ok=True)
        if self.cgroup and os.path.exists(f"{self.cgroup}/cgroup.kill"):
            with open(f"{self.cgroup}/cgroup.kill", "w", encoding="utf-8") as file:
                file.write("1")  # nobody but the demo's processes is in there
        deadline = time.monotonic() + 10
        while self.cgroup and os.path.isdir(self.cgroup):
            try:
                os.rmdir(self.cgroup)
            except OSError:  # the last processes are about to end
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
