"""What a reader may rely on in a report: numbers, verdicts, and that nothing is left out."""
from __future__ import annotations

import json
import unittest

from lines import read, report, result, runs, start, text_of

import example
import machine_readable
import markdown
import page
import terminal
from document import build
from estimates import Estimate, median, percentile
from metrics import BY_NAME
from results import InputError, parse
from verdicts import Entry, judge


class Statistics(unittest.TestCase):
    """Medians, percentiles and what is left out."""

    def test_median_and_percentiles(self) -> None:
        self.assertEqual(median([3, 1, 2]), 2)
        self.assertEqual(median([4, 1, 2, 3]), 2.5)
        hundred = list(range(1, 101))
        self.assertEqual([percentile(hundred, p) for p in (50, 99, 100)], [50, 99, 100])
        self.assertEqual(percentile([7], 50), 7)

    def test_percentiles_are_of_all_samples_and_their_spread_of_single_runs(self) -> None:
        lines = [result("ebpf", run, metric="change", values={}, samples={"latency_ms": numbers})
                 for run, numbers in enumerate(([1, 1, 1], [1, 9, 9], [2, 2, 2, 2]))]
        [measured] = report(*lines).measured
        self.assertEqual(measured.estimates["p50_ms"], Estimate(2, (1, 2, 9), 10))
        self.assertEqual(measured.estimates["max_ms"].value, 9)

    def test_values_stand_in_where_there_are_no_samples(self) -> None:
        [measured] = report(result("ebpf", 0, metric="change", values={"p50_ms": 3})).measured
        self.assertEqual(measured.estimates["p50_ms"], Estimate(3, (3,)))

    def test_disturbed_runs_are_left_out_when_three_others_are_there(self) -> None:
        quiet, loud = runs("ebpf", 1, 2, 3), result("ebpf", 3, values={"ms": 99}, disturbed=True)
        document = report(*quiet, loud)
        self.assertEqual(document.measured[0].estimates["ms"], Estimate(2, (1, 2, 3)))
        self.assertIn("ebpf: 1 run disturbed by other load, left out", text_of(document))

    def test_disturbed_runs_count_when_too_few_are_left(self) -> None:
        document = report(*runs("ebpf", 1, 2), result("ebpf", 2, values={"ms": 9}, disturbed=True))
        self.assertEqual(document.measured[0].estimates["ms"], Estimate(2, (1, 2, 9)))
        self.assertIn("1 run disturbed by other load, counted all the same", text_of(document))

    def test_values_that_no_table_shows_are_in_the_json(self) -> None:
        results = read(result("ebpf", 0, values={"ms": 1, "syscalls": 17}))
        report_json = json.loads(machine_readable.render(build(results), results))
        self.assertEqual(report_json["results"][0]["extra"]["syscalls"]["value"], 17)
        self.assertNotIn("syscalls", text_of(build(results)))


class Verdicts(unittest.TestCase):
    """Who is best, and when nobody can say."""

    def sentence(self, figure: str, *entries: tuple[str, str, float, float, float]) -> str:
        metric, _, key = figure.partition(".")
        verdict = judge(BY_NAME[metric].figure(key), [
            Entry(name, kind, Estimate(value, (low, value, high)))
            for name, kind, value, low, high in entries])
        return verdict.sentence.replace("\u00a0", " ").replace("\u202f", " ")

    def test_one_is_best(self) -> None:
        self.assertEqual(
            self.sentence("burst.ms", ("kube-proxy", "peer", 31, 30, 32),
                          ("ebpf", "mode", 13, 12, 14), ("nftables", "mode", 10, 9, 11)),
            "nftables is fastest: 10.0 ms; ebpf 30 % slower and kube-proxy 3.1× slower.")

    def test_spreads_that_overlap_are_no_difference(self) -> None:
        self.assertEqual(
            self.sentence("burst.ms", ("ebpf", "mode", 11, 9, 12), ("nftables", "mode", 10, 9, 11)),
            "No difference that these runs can show: nftables 10.0 ms, ebpf 11.0 ms.")

    def test_one_odd_run_hides_no_difference(self) -> None:
        slow, fast = Estimate(20, (19, 20, 20, 20, 21)), Estimate(10, (9, 10, 10, 11, 19.5))
        self.assertTrue(fast.low < slow.low < fast.high < slow.high)
        self.assertFalse(slow.level_with(fast))
        self.assertFalse(fast.level_with(slow))
        self.assertTrue(slow.level_with(Estimate(15, (10, 11, 15, 20, 22))))

    def test_several_lead(self) -> None:
        self.assertEqual(
            self.sentence("burst.cpu_s", ("a", "mode", 1, .9, 1.2), ("b", "mode", 1.1, 1, 1.2),
                          ("c", "mode", 3, 2, 4)),
            "a and b are lightest, with no difference that these runs can show: 1.00 s and 1.10 s; "
            "c 3.0× more.")

    def test_more_may_be_better(self) -> None:
        self.assertEqual(
            self.sentence("connect.vip_rate", ("a", "mode", 100, 99, 101),
                          ("b", "peer", 200, 199, 201), ("c", "mode", 150, 149, 151)),
            "b is highest: 200 1/s; c 25 % lower and a 2.0× lower.")

    def test_ratios_are_not_divided_by_each_other(self) -> None:
        self.assertEqual(
            self.sentence("connect.ratio", ("a", "mode", 1.1, 1.1, 1.1), ("b", "mode", 1, 1, 1)),
            "b is lowest: 1.00× direct; a 1.10× direct.")

    def test_zero_is_no_divisor(self) -> None:
        self.assertEqual(
            self.sentence("idle.cpu_percent", ("a", "mode", 0, 0, 0), ("b", "mode", 2, 1, 3)),
            "a is lightest: 0 %; b 2.00 %.")

    def test_a_single_run_says_how_little_it_says(self) -> None:
        text = text_of(report(*runs("ebpf", 1), *runs("nftables", 2)))
        self.assertIn("Not every one ran twice, so chance may have decided.", text)

    def test_a_failure_is_named_in_verdict_table_and_note(self) -> None:
        failure = {**result("nftables", 0), "type": "failure", "message": "no IPVS here"}
        for text in (text_of(report(*runs("ebpf", 1, 2), failure)),
                     markdown.render(report(*runs("ebpf", 1, 2), failure))):
            self.assertIn("nftables failed.", text)
            self.assertIn("nftables, failed: no IPVS here", text)
            self.assertIn("nftables failed in 1 of 1 measurement;", text)

    def test_a_peer_that_wins_is_named_everywhere(self) -> None:
        document = report(*runs("kube-proxy", 1, 1.1), *runs("nftables", 3, 3.1),
                          *runs("ebpf", 5, 5.1))
        line = ("A burst of 1,000 changes, All followed: kube-proxy is better than every mode of "
                "switchyard at 1,000 Services: 1.05 ms against 3.05 ms (nftables, 2.9× slower).")
        for text in (text_of(document), page.render(document), markdown.render(document)):
            text = text.replace("\u00a0", " ")
            self.assertIn(line, text)
            self.assertIn("Pick kube-proxy: it is best", text)
            self.assertIn("Of the modes of switchyard, nftables and ebpf lead, with 0.", text)
            self.assertIn("kube-proxy is fastest: 1.05 ms;", text)

    def test_a_peer_that_is_the_only_one_left(self) -> None:
        failure = {**result("ebpf", 0), "type": "failure", "message": "out of memory"}
        text = text_of(report(failure, *runs("kube-proxy", 1, 2)))
        self.assertIn("A burst of 1,000 changes: kube-proxy could be measured at 1,000 Services, "
                      "and every mode of switchyard failed there.", text)

    def test_a_peer_level_with_a_mode_does_not_win(self) -> None:
        text = text_of(report(*runs("kube-proxy", 1, 3), *runs("ebpf", 2, 4)))
        self.assertIn("In nothing that was measured on the host is a peer better", text)
        self.assertNotIn("Where a peer is better", text)

    def test_host_and_machine_are_never_compared(self) -> None:
        document = report(*runs("ebpf", 1, 2), *runs("ipvs", 5, 6, where="vm"))
        self.assertIn("Only ebpf was measured", text_of(document))
        self.assertIn("Only ipvs was measured", text_of(document))
        self.assertEqual([one.where for one in document.summaries], ["host", "vm"])


class Input(unittest.TestCase):
    """Files that are not as they should be."""

    def refused(self, data: bytes, *words: str) -> None:
        with self.assertRaises(InputError) as caught:
            parse(data, "r.jsonl")
        for word in words:
            self.assertIn(word, str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))

    def test_a_faulty_field_is_named_with_its_line(self) -> None:
        faults = {
            "metric": {"metric": "speed"}, "contender": {"contender": "cilium"},
            "services": {"services": "many"}, "run": {"run": -1}, "disturbed": {"disturbed": None},
            "values": {"values": {"unknown": 1}}, "values.ms": {"values": {"ms": "fast"}},
            "samples.latency_ms": {"samples": {"latency_ms": []}}, "type": {"type": "remark"},
            "values.rate": {"metric": "churn", "values": {"cpu_percent": 1}},
        }
        for field, change in faults.items():
            with self.subTest(field):
                self.refused(example.dump([start(), {**result("ebpf", 0), **change}]),
                             "r.jsonl, line 2", f'field "{field}"')
        for change in ({"schema": 2}, {"steps": None}, {"machine": []}, {"contenders": [1]}):
            with self.subTest(change):
                self.refused(example.dump([start(**change)]), "r.jsonl, line 1", next(iter(change)))

    def test_what_is_no_results_file(self) -> None:
        self.refused(b"", "no line of type \"start\"")
        self.refused(b"\x00\xff\n\n", "line 1", "is not JSON")
        self.refused(b"[1]\n", "line 1", "is no object")
        self.refused(example.dump([result("ebpf", 0)]), "the first line must be of type \"start\"")
        self.refused(b'{"type": "start", "schema": NaN}\n', "NaN")
        self.refused(b"[" * 100000 + b"\n", "line 1", "is not JSON")

    def test_a_run_that_is_there_twice(self) -> None:
        self.refused(example.dump([start(), result("ebpf", 0), result("ebpf", 0)]), "line 3",
                     '"run"')

    def test_the_last_line_may_be_torn_and_no_other(self) -> None:
        data = example.dump([start(), result("ebpf", 0), result("ebpf", 1)])
        results = parse(data[:-20], "r.jsonl")
        self.assertEqual(results.measured, 1)
        for text in (text_of(build(results)), markdown.render(build(results)),
                     page.render(build(results))):
            self.assertIn("Incomplete: 1 of 4 steps measured.", text)
        self.refused(data[:-20] + b"\n" + example.dump([{"type": "end", "time": "t"}]), "line 3")

    def test_every_beginning_of_a_file_gives_a_report(self) -> None:
        data = example.dump([start(), *runs("ebpf", 1, 2), *runs("nftables", 3)])
        for length in range(data.index(b"\n") + 1, len(data), 37):
            document = build(parse(data[:length], "r.jsonl"))
            self.assertTrue(document.status)
            page.render(document)
            terminal.render(document, 80, False)

    def test_a_run_that_goes_on_later(self) -> None:
        failure = {**result("ebpf", 0), "type": "failure", "message": "out of time"}
        results = parse(example.dump([start(), failure, start(time="T2"), result("ebpf", 0)]), "r")
        self.assertEqual((results.measured, results.failures), (1, []))
        self.assertIn("Measured in 2 sessions, begun 2026-11-23 04:00 UTC and T2. Linux 6.18.0, "
                      "2 CPUs", text_of(build(results)))

    def test_options_that_were_others_later(self) -> None:
        results = parse(example.dump([start(), start(options={"quick": True})]), "r")
        text = text_of(build(results))
        self.assertIn("quick: false", text)
        self.assertIn("Options of session 2 quick: true", text)

    def test_sessions_on_different_machines(self) -> None:
        machine = {**example.START["machine"], "cpus": 64}
        self.refused(example.dump([start(), start(machine=machine)]), "line 2", '"machine.cpus"',
                     "is 64 but was 2")
        self.refused(example.dump([start(), start(versions={"switchyard": "1a2b3c4"})]),
                     '"versions.iptables"')


if __name__ == "__main__":
    unittest.main()
