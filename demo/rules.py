"""What the demo must know of the rules of each mode: how somebody would damage them, how they look in
the words of their own tools, and what must be gone in the end."""
from collections import Counter

import cluster as lab
from screen import DemoFailed

SOMEBODY_ELSES = "somebody_elses"


def excerpt(lines, first, longest=13):
    """From the line that `first` accepts to the end of its block, but not too much of it."""
    start = next((n for n, line in enumerate(lines) if first(line)), None)
    if start is None:
        raise DemoFailed("render does not show what the demo wants to show")
    indent = len(lines[start]) - len(lines[start].lstrip())
    end = start + 1
    while end < len(lines) and end - start < longest and lines[end].strip():
        end += 1
        if lines[end - 1].strip() == "}" and len(lines[end - 1]) - len(lines[end - 1].lstrip()) == indent:
            break
    return lines[start:end]


class Nftables:
    """One table in each family."""

    damage = ["nft", "delete", "table", "ip", "switchyard"]
    look = "nft list ruleset"
    flush = "nft flush ruleset"
    remark = "A Service is elements of such maps, never a rule."

    def excerpt(self, text):
        return excerpt(text.splitlines(), lambda line: "map frontends {" in line)

    def accepted(self, text):
        """Has the tools read the rendered text; says what they did."""
        lab.run(*lab.in_namespace("client", "nft", "--check", "--file", "-"), given=text)
        return "nft itself accepts this text"

    def left(self, cluster):
        """What is left of ours, and what that was looked for with; "" is good."""
        ruleset = cluster.ruleset().split()
        return "" if ruleset == f"table inet {SOMEBODY_ELSES} {{ }}".split() else " ".join(ruleset)

    nothing_left = "nft list ruleset prints the table that somebody else made, and nothing more"


class Iptables:
    """Chains of two tables, and ipsets."""

    damage = ["iptables", "-t", "nat", "-F"]
    look = "iptables-save -t nat; ipset list"
    flush = "iptables -t nat -F"
    remark = "Policy is constant rules over sets; a Service is members of sets and one chain at most."

    def excerpt(self, text):
        return excerpt(text.splitlines(), lambda line: line.startswith(":SY-SERVICES"), 5)

    def accepted(self, text):
        given = {"ipset restore": [], "iptables-restore --noflush": [],
                 "ip6tables-restore --noflush": []}
        lines = None
        for line in text.splitlines():
            if line.removeprefix("# ") in given and line.startswith("# "):
                lines = given[line.removeprefix("# ")]
            elif lines is not None:
                lines.append(line)
        if not all(given.values()):
            raise DemoFailed("render does not tell sets from rules")
        for command, lines in given.items():
            lab.run(*lab.in_namespace("client", *command.split()), given="\n".join(lines) + "\n")
        return "ipset, iptables-restore and ip6tables-restore accept this text"

    def left(self, cluster):
        node = lambda *command: lab.run(*lab.in_namespace("node1", *command))
        rules = [line for program in ("iptables-legacy", "iptables-nft", "ip6tables-legacy",
                                      "ip6tables-nft")
                 for line in node(f"{program}-save").splitlines() if "SY-" in line]
        if f"table inet {SOMEBODY_ELSES}" not in cluster.ruleset():
            rules.append("the table that somebody else made is gone")
        return " ".join(rules + node("ipset", "list", "-n").split())

    nothing_left = ("no chain and no set of ours in either variant of iptables, and the table that "
                    "somebody else made is there")


class Ipvs:
    """Virtual servers by mark, a table that marks, and local routes."""

    # Of virtual servers the kernel tells nobody that they have gone; of the table it does.
    damage = ["nft", "delete", "table", "ip", "switchyard-ipvs"]
    look = "ipvsadm -ln; nft list ruleset"
    flush = "nft flush ruleset"
    remark = "One virtual server for each list of endpoints, whatever leads to it."

    def excerpt(self, text):
        lines = [line for line in text.splitlines() if line.startswith(("-A -f ", "-a -f "))]
        marks = Counter(line.split()[2] for line in lines)
        if not marks:
            raise DemoFailed("render shows no virtual server")
        largest = marks.most_common(1)[0][0]
        return [line for line in lines if line.split()[2] == largest]

    def accepted(self, text):
        lines = text.splitlines()
        servers = [line for line in lines if line.startswith(("-A ", "-a "))]
        table = [line for line in lines if not line.startswith(("-A ", "-a ", "route "))]
        lab.run(*lab.in_namespace("client", "nft", "--check", "--file", "-"),
                given="\n".join(table) + "\n")
        lab.run(*lab.in_namespace("client", "ipvsadm", "--restore"),
                given="\n".join(servers) + "\n")
        return "nft and ipvsadm accept this text"

    def left(self, cluster):
        node = lambda *command: lab.run(*lab.in_namespace("node1", *command))
        ruleset = Nftables().left(cluster)
        routes = node("ip", "route", "show", "table", "local", "proto", "88")
        return (ruleset + node("ipvsadm", "-Sn") + routes).strip()

    nothing_left = ("no virtual server, no route and no table of ours; the table that somebody else "
                    "made is there")


BY_MODE = {"nftables": Nftables, "ebpf": Nftables, "iptables": Iptables, "ipvs": Ipvs}
