"""Command line of scripts/vm."""
import argparse
import os
import signal
import sys

import image
import machine

MACHINE_FAILED = 125
OUT_OF_TIME = 124
INTERRUPTED = 128 + signal.SIGINT
READER_GONE = 128 + signal.SIGPIPE

DESCRIPTION = """\
Runs a command in a virtual machine with Debian's kernel, as root, with this machine's files: the
root is a copy that takes every write and is gone afterwards. The command starts in the current
folder with the caller's environment; what it prints arrives here as it is printed.
"""
EPILOG = f"""\
The exit status is that of the command, or {OUT_OF_TIME} when its time was up and {MACHINE_FAILED} when the machine
itself failed (no boot, a kernel panic); both say so in one line that begins with "scripts/vm:".

examples:
  scripts/vm uname -r
  scripts/vm build/dev/switchyard run --manifests examples
  scripts/vm --timeout 300 build/dev/tests/netns/netns_cases --gtest_filter='*ClusterIp*'
  scripts/vm --shell
"""


def arguments():
    """The parsed command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/vm", description=DESCRIPTION, epilog=EPILOG,
        usage="scripts/vm [OPTION...] COMMAND [ARGUMENT...]\n"
              "       scripts/vm [OPTION...] --shell",
        formatter_class=argparse.RawDescriptionHelpFormatter)
    defaults = machine.Options()
    parser.add_argument("--shell", action="store_true", help="an interactive shell")
    parser.add_argument("--memory", type=int, default=defaults.memory, metavar="MIB",
                        help="memory of the machine (default: %(default)s)")
    parser.add_argument("--cpus", type=int, default=defaults.cpus, metavar="N",
                        help="processors of the machine (default: %(default)s)")
    parser.add_argument("--timeout", type=int, default=defaults.timeout, metavar="SECONDS",
                        help="end the command after this long (default: never)")
    parser.add_argument("--writable", action="append", default=[], metavar="FOLDER",
                        help="a folder of the host whose files the command may change; repeatable")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE",
                        help="set a variable for the command; repeatable")
    parser.add_argument("--kernel", default="linux-image-amd64", metavar="PACKAGE",
                        help="Debian package to take the kernel from (default: %(default)s)")
    parser.add_argument("--accel", default=defaults.accel, choices=["tcg", "kvm"],
                        help="emulate the processor, or use the host's (default: %(default)s)")
    parser.add_argument("--console", action="store_true",
                        help="show what the kernel says on standard error")
    parser.add_argument("--fetch", action="store_true",
                        help="only make what the machine boots, from the network if need be")
    parser.add_argument("command", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    parsed = parser.parse_args()
    if parsed.command[:1] == ["--"]:
        del parsed.command[0]
    if sum([parsed.shell, bool(parsed.command), parsed.fetch]) != 1:
        parser.error("give a command, --shell or --fetch")
    if parsed.shell and not sys.stdin.isatty():
        parser.error("--shell needs a terminal")
    if parsed.cpus < 1 or parsed.memory < 256 or parsed.timeout < 0:
        parser.error("at least one processor, 256 MiB and no negative time")
    for folder in parsed.writable:
        if not os.path.isdir(folder):
            parser.error(f"--writable {folder}: no such folder")
    return parsed


def request_of(parsed):
    """What runs inside."""
    environment = dict(os.environ)
    for setting in parsed.env:
        name, _, value = setting.partition("=")
        environment[name] = value
    return machine.Request(command=parsed.command, folder=os.getcwd(), environment=environment)


def complain(text):
    """Our own words, apart from those of the command."""
    print(f"scripts/vm: {text}", file=sys.stderr, flush=True)


def last_words(console):
    """The end of what the kernel said; of a panic all, for its trace may be long."""
    lines = console.splitlines(keepends=True)
    panic = next((n for n, line in enumerate(lines) if "Kernel panic" in line), len(lines))
    return "".join(lines[min(panic, max(0, len(lines) - 40)):])


def run(parsed):
    """The exit status of the whole."""
    made = image.find(parsed.kernel)
    if parsed.fetch:
        return 0
    options = machine.Options(
        memory=parsed.memory, cpus=parsed.cpus, timeout=parsed.timeout, accel=parsed.accel,
        show_console=parsed.console, writable=[os.path.abspath(path) for path in parsed.writable])
    with machine.Machine(made, request_of(parsed), options) as guest:
        try:
            return guest.run()
        except machine.OutOfTime:
            complain(f"the command did not end within {parsed.timeout} s")
            return OUT_OF_TIME
        except machine.MachineError as error:
            log = os.path.join(image.CACHE, "console.log")
            with open(log, "w", encoding="utf-8") as file:
                file.write(guest.console())
            sys.stderr.write(last_words(guest.console()))
            complain(f"{error} (its console: {os.path.relpath(log)})")
            return MACHINE_FAILED


def main():
    """Turns how it ended into an exit status."""
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda number, _: sys.exit(128 + number))
    try:
        return run(arguments())
    except (image.ImageError, machine.MachineError) as error:
        complain(error)
        return MACHINE_FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return READER_GONE


if __name__ == "__main__":
    sys.exit(main())
