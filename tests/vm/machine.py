"""A virtual machine that runs one command, as a QEMU process and the streams it is connected by."""
import ctypes
import os
import selectors
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import termios
import time
import tty
from contextlib import contextmanager
from dataclasses import dataclass, field

BOOT_SECONDS = 600
KERNEL_ARGUMENTS = (
    "console=ttyS0 quiet loglevel=4 panic=-1 oops=panic nokaslr mitigations=off no_timer_check "
    "tsc=reliable random.trust_cpu=on")


class MachineError(Exception):
    """The machine did not do its part: not booted, panicked, gone."""


class OutOfTime(Exception):
    """The command did not end within its time."""


@dataclass
class Options:
    """How the machine is made; seconds and MiB."""
    memory: int = 2048
    cpus: int = 2
    timeout: int = 0  # of the command; 0 = none
    accel: str = "tcg"
    show_console: bool = False
    writable: list = field(default_factory=list)


@dataclass
class Request:
    """The command to run. An empty `command` is an interactive shell."""
    command: list
    folder: str
    environment: dict

    def script(self, writable, size):
        """What tests/vm/session reads."""
        command = self.command or ["/bin/bash", "-l"]
        words = ["/usr/bin/env", "-i"]
        words += [f"{name}={value}" for name, value in self.environment.items()]
        terminal = "" if self.command else f"{size.lines} {size.columns}"
        lines = [
            f"now={time.time():.3f}",
            f"folder={shlex.quote(self.folder)}",
            f"writable={shlex.quote(''.join(path + chr(10) for path in writable))}",
            f"terminal={shlex.quote(terminal)}",
            "requested() { exec " + " ".join(map(shlex.quote, words + command)) + "; }",
            "",
        ]
        return "\n".join(lines).encode(errors="surrogateescape")


def die_with_parent():
    """In the child before exec: whatever ends us, SIGKILL included, ends QEMU."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


class Machine:
    """Use it as a context: leaving it ends QEMU."""

    def __init__(self, image, request, options):
        self.image_ = image
        self.request_ = request
        self.options_ = options
        self.console_ = bytearray()
        self.control_ = b""
        self.booted_ = False
        self.status_ = None
        self.deadline_ = None
        self.process_ = None
        self.streams_ = {}  # name -> our end
        self.selector_ = selectors.DefaultSelector()

    def __enter__(self):
        names = ["console", "control"]
        names += ["out", "err"] if self.request_.command else ["terminal"]
        theirs = {}
        for name in names:
            self.streams_[name], theirs[name] = socket.socketpair()
        try:
            self.process_ = subprocess.Popen(
                self.arguments(theirs), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, preexec_fn=die_with_parent, start_new_session=True,
                pass_fds=[end.fileno() for end in theirs.values()])
        except FileNotFoundError as error:
            raise MachineError("there is no qemu-system-x86_64 here (scripts/install-deps "
                               "installs it)") from error
        finally:
            for end in theirs.values():
                end.close()
        for name, stream in self.streams_.items():
            self.selector_.register(stream, selectors.EVENT_READ, name)
        return self

    def __exit__(self, *_):
        if self.process_ is not None:
            self.process_.kill()
            self.process_.wait()
            self.process_.stderr.close()
        for stream in self.streams_.values():
            stream.close()
        self.selector_.close()

    def console(self):
        """All that the kernel said so far."""
        return self.console_.decode(errors="replace")

    def arguments(self, ends):
        """QEMU's command line. `ends`: its sockets by name."""
        def export(tag, path, readonly):
            escaped = path.replace(",", ",,")
            mode = ",readonly=on" if readonly else ""
            return ["-fsdev", f"local,id={tag},path={escaped},security_model=none,"
                              f"multidevs=remap{mode}",
                    "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]

        accel = self.options_.accel
        if accel == "tcg":
            accel = "tcg,thread=multi,tb-size=512"
        arguments = [
            "qemu-system-x86_64", "-M", "q35,usb=off,smm=off,sata=off", "-cpu", "max",
            "-accel", accel, "-smp", str(self.options_.cpus), "-m", str(self.options_.memory),
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-kernel", self.image_.kernel, "-initrd", self.image_.initramfs,
            "-append", KERNEL_ARGUMENTS, "-device", "virtio-serial-pci"]
        for name, end in ends.items():
            arguments += ["-chardev", f"socket,id={name},fd={end.fileno()}"]
            if name == "console":
                arguments += ["-serial", f"chardev:{name}"]
            elif name == "terminal":
                arguments += ["-device", f"virtconsole,chardev={name}"]
            else:
                arguments += ["-device", f"virtserialport,chardev={name},name={name}"]
        arguments += export("host", "/", True) + export("modules", self.image_.modules, True)
        for number, path in enumerate(self.options_.writable):
            arguments += export(f"writable{number}", path, False)
        return arguments

    def run(self):
        """Boots, streams what the command says and returns its exit status."""
        self.deadline_ = time.monotonic() + BOOT_SECONDS
        with self.keyboard():
            while self.status_ is None:
                wait = None
                if self.deadline_ is not None:
                    wait = max(0.0, self.deadline_ - time.monotonic())
                ready = self.selector_.select(wait)
                if not ready:
                    self.too_late()
                for key, _ in ready:
                    self.move(key.data)
            self.drain()
        return self.status_

    @contextmanager
    def keyboard(self):
        """Hands every key to the shell, Ctrl-C too, until the end of the context."""
        if self.request_.command:
            yield
            return
        before = termios.tcgetattr(sys.stdin)
        self.selector_.register(sys.stdin, selectors.EVENT_READ, "keyboard")
        tty.setraw(sys.stdin)
        try:
            yield
        finally:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)

    def too_late(self):
        """The deadline has passed."""
        if self.booted_:
            raise OutOfTime()
        raise MachineError(f"the machine did not boot within {BOOT_SECONDS} s")

    def move(self, name):
        """Takes what a stream has to say."""
        if name == "keyboard":
            data = os.read(sys.stdin.fileno(), 4096)
            self.streams_["terminal"].sendall(data)
            return
        data = self.streams_[name].recv(65536)
        if not data:
            self.ended(name)
        elif name == "control":
            self.obey(data)
        elif name == "console":
            self.console_ += data
            if self.options_.show_console:
                write_all(2, data)
        else:
            write_all(2 if name == "err" else 1, data)

    def ended(self, name):
        """A stream was closed, as QEMU's end closes them all. Control is judged last: the console
        may say why."""
        self.selector_.unregister(self.streams_[name])
        if any(key.data != "keyboard" for key in self.selector_.get_map().values()):
            return
        said = self.process_.stderr.read().decode(errors="replace").strip()
        if "Kernel panic" in self.console():
            raise MachineError("the kernel panicked")
        when = "before the command had" if self.booted_ else "before it had booted"
        raise MachineError(f"the machine ended {when}{' ended' if self.booted_ else ''}"
                           + (f": {said}" if said else ""))

    def obey(self, data):
        """Messages of tests/vm/session: `ready RELEASE`, `exit STATUS`, `broken WHY`."""
        self.control_ += data
        while b"\n" in self.control_:
            line, _, self.control_ = self.control_.partition(b"\n")
            word, _, rest = line.decode(errors="replace").partition(" ")
            if word == "ready":
                self.booted_ = True
                limit = self.options_.timeout
                self.deadline_ = time.monotonic() + limit if limit else None
                script = self.request_.script(self.options_.writable,
                                              shutil.get_terminal_size())
                self.streams_["control"].sendall(b"%d\n" % len(script) + script)
            elif word == "exit":
                self.status_ = int(rest)
            else:
                raise MachineError(rest)

    def drain(self):
        """The command has ended and all of its output has arrived here, if not at our reader."""
        self.process_.kill()
        for name in ("out", "err", "terminal"):
            stream = self.streams_.get(name)
            while stream is not None:
                try:
                    data = stream.recv(65536)
                except ConnectionError:
                    data = b""
                if not data:
                    break
                write_all(2 if name == "err" else 1, data)


def write_all(descriptor, data):
    """os.write until all of it is written."""
    while data:
        data = data[os.write(descriptor, data):]
