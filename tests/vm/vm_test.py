"""What scripts/vm promises to its callers."""
import os
import pty
import signal
import subprocess
import tempfile
import termios
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VM = os.path.join(ROOT, "scripts", "vm")


def vm(*words, **options):
    """Runs scripts/vm to its end."""
    return subprocess.run([VM, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False, **options)


class Commands(unittest.TestCase):
    """A command that runs inside."""

    def test_the_status_of_the_command_is_ours_and_its_output_unchanged(self):
        with tempfile.TemporaryDirectory() as shared:
            # Every byte, more than a buffer holds, and no newline at the end.
            content = bytes(range(256)) * 5000 + b"\r\n\r\nend"
            path = os.path.join(shared, "it's \"content\"")
            with open(path, "wb") as file:
                file.write(content)
            script = ('cat "$1"; printf "%s|" "$PWD" "$WORDS" "$2" >&2; '
                      'echo kept >"$3/new"; echo lost >"$0.lost"; exit 41')
            done = vm("--writable", shared, "--env", "WORDS=a b", "sh", "-c", script,
                      os.path.join(shared, os.pardir, "vm-test"), path, "$x 'y'", shared,
                      cwd="/usr")
            self.assertEqual(done.returncode, 41, done.stderr)
            self.assertEqual(done.stdout, content)
            self.assertEqual(done.stderr, b"/usr|a b|$x 'y'|")
            with open(os.path.join(shared, "new"), "rb") as file:
                self.assertEqual(file.read(), b"kept\n")
            self.assertFalse(os.path.exists(
                os.path.join(os.path.dirname(shared), "vm-test.lost")))

    def test_the_machine_is_a_system_to_test_on(self):
        script = ("set -e; test \"$(id -u)\" = 0; test -e /sys/fs/cgroup/cgroup.procs; "
                  "grep -q ' /sys/fs/bpf bpf ' /proc/mounts; ip addr show lo | grep -q 127.0.0.1; "
                  "modprobe ip_vs; test -e /proc/net/ip_vs; ip link add sw0 type dummy; "
                  "nft add table ip t; kill -TERM $$")
        done = vm("sh", "-c", script)
        self.assertEqual(done.returncode, 128 + signal.SIGTERM, done.stderr)

    def test_a_command_that_is_not_there(self):
        done = vm("no-such-command")
        self.assertEqual(done.returncode, 127)
        self.assertIn(b"no-such-command", done.stderr)


class Shell(unittest.TestCase):
    """A terminal inside."""

    def test_keys_reach_the_shell_and_its_status_is_ours(self):
        keyboard, terminal = pty.openpty()
        termios.tcsetwinsize(terminal, (33, 99))
        with subprocess.Popen([VM, "--shell"], stdin=terminal, stdout=terminal,
                              start_new_session=True) as process:
            os.close(terminal)
            shown = self.expect(keyboard, b"# ")
            os.write(keyboard, b"stty size; cat\n")
            shown = self.expect(keyboard, b"33 99")
            # Once by the terminal and once by the program, which is there to be interrupted then.
            os.write(keyboard, b"echoed\n")
            shown = self.expect(keyboard, b"echoed\r\nechoed\r\n")
            os.write(keyboard, b"\x03")  # for the program inside, not for scripts/vm
            shown = self.expect(keyboard, b"# ")
            os.write(keyboard, b"exit 9\n")
            self.assertEqual(process.wait(), 9, shown)
        os.close(keyboard)

    @staticmethod
    def expect(keyboard, text):
        """Reads until `text` was shown; everything up to there."""
        shown = b""
        while text not in shown:
            shown += os.read(keyboard, 4096)
        return shown


class Ends(unittest.TestCase):
    """A machine that ends otherwise."""

    def test_out_of_time(self):
        done = vm("--timeout", "1", "sleep", "600")
        self.assertEqual(done.returncode, 124)
        self.assertEqual(done.stderr, b"scripts/vm: the command did not end within 1 s\n")

    def test_a_panic(self):
        with tempfile.TemporaryDirectory() as shared:
            # Not before the output has arrived: what is on its way dies with the machine.
            script = ('echo before; while [ ! -e "$0/go" ]; do sleep 0.1; done; '
                      "echo c >/proc/sysrq-trigger; sleep 600")
            done = self.panicked(shared, script)
        self.assertEqual(done.returncode, 125)
        self.assertEqual(done.stdout, b"before\n", done.stderr)
        self.assertIn(b"Kernel panic - not syncing: sysrq triggered crash", done.stderr)
        self.assertIn(b"scripts/vm: the kernel panicked", done.stderr.splitlines()[-1])

    @staticmethod
    def panicked(shared, script):
        """Runs `script` in a machine; makes shared/go when it has printed a line."""
        with tempfile.TemporaryFile() as errors, \
                subprocess.Popen([VM, "--writable", shared, "sh", "-c", script, shared],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=errors) as process:
            out = process.stdout.readline()
            with open(os.path.join(shared, "go"), "wb"):
                pass
            out += process.stdout.read()
            status = process.wait()
            errors.seek(0)
            return subprocess.CompletedProcess(process.args, status, out, errors.read())

    def test_switched_off_by_the_command(self):
        done = vm("sh", "-c", "echo o >/proc/sysrq-trigger; sleep 600")
        self.assertEqual(done.returncode, 125)
        self.assertIn(b"scripts/vm: the machine ended before", done.stderr)

    def test_no_kernel(self):
        done = vm("--kernel", "no-such-kernel", "true")
        self.assertEqual(done.returncode, 125)
        self.assertIn(b"scripts/vm: cannot look no-such-kernel up", done.stderr)

    def test_interrupted(self):
        with subprocess.Popen([VM, "sh", "-c", "echo started; sleep 600"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
            self.assertEqual(process.stdout.readline(), b"started\n")
            children = f"/proc/{process.pid}/task/{process.pid}/children"
            with open(children, encoding="ascii") as file:
                qemu = file.read().split()
            self.assertEqual(len(qemu), 1)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(), 130)
            self.assertFalse(os.path.exists(f"/proc/{qemu[0]}"))


if __name__ == "__main__":
    unittest.main()
