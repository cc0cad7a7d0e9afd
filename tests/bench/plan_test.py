"""The plan of a comparison, and what is left of one that was interrupted. No root needed."""
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench" / "compare"))

from plan import FLOOR, QUICK, Contender, Plan, Step, peer  # noqa: E402
from results import Results  # noqa: E402

TWO = [Contender("nftables", "mode", program="p", mode="nftables"),
       Contender("iptables", "mode", program="p", mode="iptables")]


class PlanTest(unittest.TestCase):
    """Who runs when."""

    def test_contenders_take_turns_and_so_does_who_is_first(self):
        steps = Plan(TWO, [100, 1000], 2, QUICK).steps
        self.assertEqual([(step.contender.name, step.services, step.run) for step in steps],
                         [("nftables", 100, 0), ("iptables", 100, 0),
                          ("iptables", 100, 1), ("nftables", 100, 1),
                          ("nftables", 1000, 0), ("iptables", 1000, 0),
                          ("iptables", 1000, 1), ("nftables", 1000, 1)])

    def test_other_shapes_have_one_size_and_no_floor(self):
        floor = Contender(FLOOR, "floor")
        steps = Plan(TWO + [floor], [1], 1, QUICK, ("uniform", "huge")).steps
        self.assertEqual([(step.contender.name, step.services, step.shape) for step in steps],
                         [("nftables", 1, "uniform"), ("iptables", 1, "uniform"),
                          (FLOOR, 1, "uniform"),
                          ("nftables", 1000, "huge"), ("iptables", 1000, "huge")])

    def test_each_rate_of_churn_is_wanted(self):
        wanted = Step(TWO[0], 100, 0, QUICK).wanted()
        self.assertIn({"metric": "churn", "rate": 100}, wanted)
        self.assertEqual(wanted[0], {"metric": "cold"})
        floor = Step(Contender(FLOOR, "floor"), 100, 0, QUICK)
        self.assertEqual(floor.wanted(), [{"metric": FLOOR}])


class PeerTest(unittest.TestCase):
    """--peer"""

    def test_all_words(self):
        found = peer("kube-proxy=/bin/kp,mode=iptables,flag=--v=4,flag=--x")
        self.assertEqual(found, Contender("kube-proxy", "peer", program="/bin/kp", mode="iptables",
                                          flags=("--v=4", "--x")))
        self.assertEqual(peer("kp=/bin/kp").mode, "nftables")

    def test_errors_say_what_is_wrong(self):
        for text, part in (("kp", "is not NAME=PATH"), ("=x", "is not NAME=PATH"),
                           ("nftables=/bin/kp", "name of a mode"),
                           ("kp=/bin/kp,colour=red", "'colour=red'"),
                           ("kp=/bin/kp,mode=", "'mode='")):
            with self.assertRaisesRegex(ValueError, part):
                peer(text)


class ResultsTest(unittest.TestCase):
    """The file."""

    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.results = Results(Path(self._folder.name) / "results.jsonl")
        self.steps = Plan(TWO, [100], 1, QUICK).steps

    def test_a_step_is_over_with_its_last_metric(self):
        first, second = self.steps
        self.results.measured(first, [{"metric": "cold", "values": {}}], 0.1, False, 1)
        self.assertEqual(self.results.done(), set())
        self.results.measured(first, [{"metric": "connect", "values": {}}], 0.1, False, 1)
        self.results.failed(second, {"metric": "connect"}, "no such mode")
        self.assertEqual(self.results.done(), {first.key(), second.key()})

    def test_an_interrupted_step_is_forgotten(self):
        first, second = self.steps
        self.results.write({"type": "start"})
        self.results.measured(first, [{"metric": "cold", "values": {}},
                                      {"metric": "connect", "values": {}}], 0.1, False, 1)
        self.results.measured(second, [{"metric": "cold", "values": {}}], 0.1, False, 1)
        self.results.end()
        with self.results.path.open("a", encoding="utf-8") as file:
            file.write('{"type":"resu')
        self.results.mend()
        self.assertEqual([(record["type"], record.get("metric")) for record in
                          self.results.records()],
                         [("start", None), ("result", "cold"), ("result", "connect")])


if __name__ == "__main__":
    unittest.main()
