"""scripts/bench as a whole, on a very small cluster: usage: compare_test.py BENCH_COMPARE BUILD"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
PROGRAM, BUILD = sys.argv.pop(1), sys.argv.pop(1)
SWITCHYARD = f"{BUILD}/switchyard"


class CompareTest(unittest.TestCase):
    """Real daemons, real packets."""

    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.folder = Path(self._folder.name)

    def command(self, *words):
        return ["/usr/bin/python3", "-B", str(TREE / "bench" / "compare" / "main.py"),
                "--program", PROGRAM, "--build", BUILD, "--output", str(self.folder), "--quick",
                "--services", "20", "--runs", "1", *words]

    def run_bench(self, *words):
        return subprocess.run(self.command(*words), capture_output=True, text=True, check=False,
                              timeout=600)

    def records(self):
        lines = (self.folder / "results.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def test_modes_and_a_peer_are_measured_and_reported(self):
        done = self.run_bench("--mode", "nftables", "--mode", "ebpf",
                              "--peer", f"twin={SWITCHYARD},mode=iptables", "--text")
        self.assertEqual(done.returncode, 0, done.stderr)
        records = self.records()
        self.assertEqual([record for record in records if record["type"] == "failure"], [])
        for contender in ("nftables", "ebpf", "twin"):
            found = {record["metric"]: record["values"] for record in records
                     if record.get("contender") == contender}
            self.assertEqual(set(found), {"cold", "change", "create", "burst", "churn", "idle",
                                          "connect"})
            self.assertGreater(found["cold"]["ready_ms"], 0)
            self.assertGreater(found["cold"]["cpu_s"], 0)
            self.assertGreater(found["idle"]["rss_mb"], 1)
            self.assertGreater(found["connect"]["ratio"], 0)
            self.assertEqual(found["burst"]["changes"], 21)
            latencies = next(record["samples"]["latency_ms"] for record in records
                             if record.get("contender") == contender
                             and record["metric"] == "change")
            self.assertEqual(len(latencies), 40)
            self.assertGreater(min(latencies), 0)
        self.assertIn("twin", done.stdout)
        self.assertIn("<svg", (self.folder / "report.html").read_text(encoding="utf-8"))
        self.assertEqual(self.run_bench("--mode", "nftables", "--mode", "ebpf", "--peer",
                                        f"twin={SWITCHYARD},mode=iptables", "--text",
                                        "--resume").returncode, 0)
        self.assertEqual(len([record for record in self.records() if record["type"] == "result"]),
                         len([record for record in records if record["type"] == "result"]))
        other = self.run_bench("--mode", "nftables", "--resume")
        self.assertEqual(other.returncode, 2)
        self.assertIn("with other options", other.stderr)

    def test_a_peer_that_does_not_run_is_a_failure_in_the_report(self):
        done = self.run_bench("--mode", "nftables", "--peer", "broken=/bin/false")
        self.assertEqual(done.returncode, 0, done.stderr)
        failures = [record for record in self.records() if record["type"] == "failure"]
        self.assertEqual({record["contender"] for record in failures}, {"broken"})
        self.assertIn("the proxy has ended", failures[0]["message"])
        self.assertIn("failed: the proxy has ended",
                      (self.folder / "report.md").read_text(encoding="utf-8"))

    def test_an_interrupted_run_reports_and_leaves_nothing(self):
        with subprocess.Popen(self.command("--mode", "nftables", "--mode", "iptables"),
                              stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
                              env={**os.environ, "TMPDIR": str(self.folder)}) as running:
            for line in running.stderr:
                if line.startswith("[2/"):
                    break
            time.sleep(1)
            running.send_signal(signal.SIGINT)
            rest = running.stderr.read()
        self.assertEqual(running.returncode, 128 + signal.SIGINT, rest)
        self.assertIn("--resume goes on", rest)
        self.assertIn("Incomplete", (self.folder / "report.md").read_text(encoding="utf-8"))
        self.assertEqual({path.name for path in self.folder.iterdir()},
                         {"results.jsonl", "report.html", "report.md", "report.json"})

    def test_a_peer_that_is_not_there_is_refused(self):
        done = self.run_bench("--peer", "kp=/nowhere/kube-proxy")
        self.assertEqual(done.returncode, 2)
        self.assertIn("peer kp: /nowhere/kube-proxy is no program", done.stderr)


if __name__ == "__main__":
    unittest.main()
