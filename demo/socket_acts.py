"""The acts of the demo that are about sockets: what mode ebpf does differently, and how to see it."""
import json
import os
import signal
import subprocess
import time

import cluster as lab
from screen import DemoFailed


class SocketActs:
    """Each shows something and checks that it is as narrated."""

    def __init__(self, screen, cluster):
        self.screen = screen
        self.cluster = cluster
        self.ground = cluster.ground

    def peer(self, where, host, port):
        """One request: what the client's socket says, and what node1 has tracked of it."""
        answer = json.loads(self.cluster.client(where, "peer", host, port).communicate()[0])
        if "error" in answer:
            raise DemoFailed(f"{where} to {host} port {port}: {answer['error']}")
        address, number = answer["own"]
        tracked = lab.run(*lab.in_namespace("node1", "conntrack", "-L", "-p", "tcp",
                                            "-s", address, "--sport", str(number)))
        answer["tracked"] = next((word.removeprefix("dst=") for word in tracked.split()
                                  if word.startswith("dst=")), "nothing")
        return answer

    def translated(self, web):
        """No packet carries the ClusterIP, and the client does not know."""
        screen = self.screen
        screen.act("The socket is translated, not the packets")
        seen = self.peer("shell", web, 80)
        screen.say(f"One request from \"shell\" to {web}:80, and what node1 tracked of it:")
        screen.quote([f"getpeername()     {seen['peer'][0]} port {seen['peer'][1]}",
                      f"packets went to   {seen['tracked']}   ({seen['pod']})"])
        screen.check(seen["peer"] == [web, 80], "the client's socket shows the address it asked for",
                     str(seen))
        screen.check(seen["tracked"] == lab.pod_address(seen["pod"])[0],
                     "the packets carried the pod's own address from the start: no NAT", str(seen))
        self._observe(web)

    def _observe(self, web):
        screen = self.screen
        command = ["observe", "--bpf-root", self.ground.pins, "--service", "default/web",
                   "--count", "3"]
        screen.command("switchyard " + " ".join(command))
        observer = self.cluster.spawn("node1", self.cluster.binary, *command,
                                      stdout=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 20
        asked = 0
        # It may take a moment until the observer looks.
        while observer.poll() is None and time.monotonic() < deadline:
            self.cluster.get("shell", web, 80, 1)
            asked += 1
        if observer.poll() is None:
            raise DemoFailed(f"switchyard observe saw nothing of {asked} requests")
        lines = observer.communicate()[0].splitlines()
        screen.quote(lines)
        screen.check(len(lines) == 3 and all("python3" in line and web in line for line in lines),
                     "each connection is told as it is made: who asked, and which pod he was given",
                     str(lines))

    def hooks_gone(self, web):
        """Somebody removes the hooks: the packets are translated instead, until they are back."""
        screen = self.screen
        screen.act("Somebody removes the hooks")
        client = self.cluster.client("shell", "steady", web, 80)
        client.stdout.readline()
        screen.command(f"rm {self.ground.pins}/links/*")
        for name in os.listdir(f"{self.ground.pins}/links"):
            os.unlink(f"{self.ground.pins}/links/{name}")
        seen = self.peer("shell", web, 80)
        screen.check(seen["tracked"] == web and seen["peer"] == [web, 80],
                     f"the rules for packets take over at once: node1 tracked {seen['tracked']}",
                     str(seen))
        screen.command(f"kill -HUP {self.cluster.daemon.pid}")
        self.cluster.daemon.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 20
        while self.peer("shell", web, 80)["tracked"] == web:
            if time.monotonic() > deadline:
                raise DemoFailed("the hooks have not come back after 20 seconds")
        time.sleep(0.3)
        answers = json.loads(client.communicate("stop\n")[0])
        lost = [answer for answer in answers if "error" in answer]
        screen.check(not lost, f"the hooks are back; {len(answers)} requests meanwhile, none lost",
                     str(lost[:3]))

    def words(self, text):
        """The part of the rendered text that is nft's; shows the other."""
        lines = text.splitlines()
        start = next((n for n, line in enumerate(lines) if line.startswith("map frontends4")), None)
        comment = next((n for n, line in enumerate(lines) if line.startswith("# What sockets")), None)
        if start is None or comment is None:
            raise DemoFailed("render shows no map of frontends")
        end = next(n for n in range(start + 1, len(lines)) if not lines[n].startswith(" "))
        self.screen.say("And for sockets:")
        self.screen.quote(lines[comment:comment + 1] + lines[start:end])
        return "\n".join(lines[:comment]) + "\n"

    def hints(self):
        """Things to try, for Story.how_to_play()."""
        return [(f"{self.cluster.binary} observe --bpf-root {self.ground.pins}",
                 "connections as they are made")]

    def nothing_left(self):
        """After the cleanup."""
        screen = self.screen
        screen.check(self.ground.attached() == "" and self.ground.pinned() == [],
                     "no program is attached to the cgroup, and nothing is pinned",
                     f"{self.ground.attached()} {self.ground.pinned()}")
