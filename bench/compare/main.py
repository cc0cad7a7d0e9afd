"""Command line of scripts/bench: measures backends and peers side by side and writes a report."""
import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import machine
from plan import (FLOOR, FULL, FULL_SIZES, MACHINE, MACHINE_RUNS, MACHINE_SIZE, MODES, QUICK,
                  QUICK_SIZES, SHAPED_SIZE, SHAPES, Contender, Plan, peer)
from results import Results
from runner import Progress, run

TREE = Path(__file__).resolve().parents[2]
INTERRUPTED = 128 + signal.SIGINT

DESCRIPTION = """\
Measures the backends of switchyard, and other programs that take kube-proxy's configuration, side by
side: how long they take to start, to follow a change of an endpoint, a new Service, bursts and churn,
what they use, and what connections through them cost. Writes report.html, report.md and report.json.
Everything runs in network namespaces of its own.
"""
EPILOG = """\
Ctrl-C ends it with a report of what has been measured; --resume goes on where it ended.

examples:
  scripts/bench --quick
  scripts/bench --mode nftables --mode iptables --services 1000 --services 10000
  scripts/bench --peer kube-proxy=/usr/local/bin/kube-proxy,mode=iptables
"""


def positive(text: str) -> int:
    """A whole number above 0."""
    number = int(text.replace(",", "").replace("_", ""))
    if number <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def peer_option(text: str) -> Contender:
    """A peer whose program is there."""
    try:
        found = peer(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if shutil.which(found.program) is None:
        raise argparse.ArgumentTypeError(f"peer {found.name}: {found.program} is no program")
    return found


def arguments() -> argparse.Namespace:
    """The parsed command line."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=DESCRIPTION, epilog=EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true",
                        help="two sizes, short series, no virtual machine: within five minutes")
    parser.add_argument("--mode", action="append", choices=MODES, metavar="MODE", default=[],
                        help=f"a mode to measure; repeatable (default: all): {', '.join(MODES)}")
    parser.add_argument("--peer", action="append", type=peer_option, default=[],
                        metavar="NAME=PATH[,mode=MODE][,flag=--WORD]",
                        help="a program that is started with kube-proxy's configuration; repeatable")
    parser.add_argument("--services", action="append", type=positive, default=[], metavar="N",
                        help="a size of the cluster; repeatable")
    parser.add_argument("--shape", action="append", choices=SHAPES, metavar="SHAPE", default=[],
                        help=f"of the cluster, all but uniform of {SHAPED_SIZE:,} Services; "
                        f"repeatable (default: all, --quick: uniform): {', '.join(SHAPES)}")
    parser.add_argument("--runs", type=positive, default=5, metavar="N",
                        help="of each; medians are shown (default: %(default)s)")
    parser.add_argument("--vm", action=argparse.BooleanOptionalAction, default=None,
                        help="measure mode ipvs in the virtual machine, and there the others beside "
                        "it, where this kernel has no IPVS (default: yes, --quick: no)")
    parser.add_argument("--output", type=Path, default=TREE / "build" / "bench", metavar="FOLDER",
                        help="where results and reports go (default: build/bench)")
    parser.add_argument("--resume", action="store_true", help="go on with the results there")
    parser.add_argument("--text", action="store_true", help="show the report in the terminal too")
    parser.add_argument("--program", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--build", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def has_ipvs() -> bool:
    """Whether this kernel does."""
    return Path("/proc/net/ip_vs").exists() or subprocess.run(
        ["modprobe", "-q", "ip_vs"], check=False, capture_output=True).returncode == 0


def modes_of(given: argparse.Namespace, where: str, ipvs: bool) -> list[Contender]:
    """The modes that run in one place."""
    switchyard = str(given.build / "switchyard")
    return [Contender(mode, "mode", where, switchyard, mode) for mode in given.mode or MODES
            if mode != "ipvs" or ipvs]


def machine_plan(given: argparse.Namespace) -> Plan:
    """What runs in the virtual machine."""
    return Plan(modes_of(given, "vm", True), [MACHINE_SIZE], min(given.runs, MACHINE_RUNS), MACHINE)


def plans(given: argparse.Namespace) -> list[Plan]:
    """What runs on this kernel, and what in the virtual machine."""
    here_too = has_ipvs()
    contenders = modes_of(given, "host", here_too) + given.peer + [Contender(FLOOR, "floor")]
    sizes = given.services or list(QUICK_SIZES if given.quick else FULL_SIZES)
    shapes = tuple(given.shape) or (SHAPES[:1] if given.quick else SHAPES)
    found = [Plan(contenders, sizes, given.runs, QUICK if given.quick else FULL, shapes)]
    machine_too = not given.quick if given.vm is None else given.vm
    if machine_too and not here_too and "ipvs" in (given.mode or MODES):
        found.append(machine_plan(given))
    return found


def options(given: argparse.Namespace) -> dict:
    """What was asked for, as far as it decides what is measured."""
    return {"quick": given.quick, "modes": given.mode or list(MODES), "services": given.services,
            "shapes": given.shape, "vm": given.vm, "runs": given.runs,
            "peers": [one.record() for one in given.peer]}


def command() -> str:
    """The command line as it was given; what scripts/bench adds comes first, as pairs."""
    words = sys.argv[1:]
    while words and words[0] in ("--program", "--build"):
        words = words[2:]
    return shlex.join(["scripts/bench", *(word for word in words if word != "--resume")])


def in_machine(given: argparse.Namespace) -> bool:
    """The second plan, by this program inside the virtual machine. Whether all of it ran."""
    words = [str(TREE / "scripts" / "vm"), "--writable", str(given.output), sys.executable, "-B",
             __file__, "--inside", *sys.argv[1:]]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL) as running:
        try:
            return running.wait() == 0
        except KeyboardInterrupt:
            running.send_signal(signal.SIGINT)  # a terminal sends it to both, others do not
            running.wait()
            raise


def report(given: argparse.Namespace, results: Path) -> int:
    """Writes the report from what there is."""
    program = TREE / "bench" / "report" / "main.py"
    files = {kind: given.output / f"report.{ending}"
             for kind, ending in (("html", "html"), ("markdown", "md"), ("json", "json"))}
    words = [sys.executable, "-B", str(program), str(results)]
    for kind, path in files.items():
        words += [f"--{kind}", str(path)]
    status = subprocess.run(words + (["--text"] if given.text else []), check=False).returncode
    if status == 0:
        print("\n".join(f"wrote {os.path.relpath(path)}" for path in files.values()))
    return status


def main() -> int:
    """Exit status."""
    given = arguments()
    given.output = given.output.resolve()
    given.program, given.build = given.program.resolve(), given.build.resolve()
    given.output.mkdir(parents=True, exist_ok=True)
    results = Results(given.output / "results.jsonl")
    if given.inside:
        plan = machine_plan(given)
        done = results.done()
        over = sum(step.key() in done for step in plan.steps)
        run(plan, given.program, results, Progress(len(plan.steps), over))
        return 0
    todo = plans(given)
    results.mend()
    before = [record for record in results.records() if record["type"] == "start"]
    if not given.resume:
        results.path.unlink(missing_ok=True)
    elif before and before[-1]["options"] != options(given):
        print(f"scripts/bench: {results.path} was measured with other options: repeat those, or "
              "leave --resume out to begin anew", file=sys.stderr)
        return 2
    total = sum(len(plan.steps) for plan in todo)
    results.start(command(), options(given), machine.facts(),
                  machine.versions(TREE, {one.name: one.program for one in given.peer}), todo)
    progress = Progress(total, len(results.done()))
    interrupted = False
    try:
        run(todo[0], given.program, results, progress)
        progress.close()
        complete = True
        if len(todo) > 1:
            print("in the virtual machine:", file=sys.stderr)
            complete = in_machine(given)
        if complete:
            results.end()
        else:
            print("the virtual machine has ended early: the report lacks what is missing; --resume "
                  "tries again", file=sys.stderr)
    except KeyboardInterrupt:
        progress.close()
        interrupted = True
        print("interrupted: the report is of what has been measured; --resume goes on",
              file=sys.stderr)
    status = report(given, results.path)
    return INTERRUPTED if interrupted else status


if __name__ == "__main__":
    sys.exit(main())
