#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Tandem's busy cycles a call over shared memory (net_memif), driven by tandem-bench.

memif.py RATE SETTLE SECONDS TANDEMCTL -- TANDEM_BENCH ARGUMENT...

TANDEMCTL is a command, split at blanks.  A first trial of SETTLE seconds fills the tables, so that in
the second as many transactions end as begin; the counters are read around the second.  Prints one run as
JSON.  Exit 1 if tandem-bench could not do it.
"""
import signal

# ^C is bench/compare's to answer.
signal.signal(signal.SIGINT, signal.SIG_DFL)

import json
import subprocess
import sys

from measure import tandem_figures, workers


def fail(text):
    print("bench/compare: " + text, file=sys.stderr)
    sys.exit(1)


class Generator:
    """tandem-bench that takes trials on its standard input."""

    def __init__(self, command):
        try:
            self.process = subprocess.Popen(command + ["--trials", "-"], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, text=True)
        except OSError as e:
            fail("%s: %s" % (command[0], e.strerror))

    def trial(self, rate, seconds):
        try:
            self.process.stdin.write("rate=%g seconds=%g\n" % (rate, seconds))
            self.process.stdin.flush()
        except BrokenPipeError:
            pass # its status tells more
        for line in self.process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        fail("tandem-bench ended with status %d" % self.process.wait())

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def reasons(trial):
    why = []
    if trial["failed"] or trial["completed"] != trial["started"]:
        why.append("%d of %d calls did not succeed" %
                   (trial["started"] - trial["completed"], trial["started"]))
    for kind, number in trial["faults"].items():
        if number:
            why.append("%d times %s" % (number, kind))
    for side in ("caller", "target"):
        if trial["retransmissions"][side]:
            why.append("%d retransmissions by the %ss" % (trial["retransmissions"][side], side))
    if trial["generator"]["limited"]:
        why.append("the generator was the limit")
    return why


def main():
    if len(sys.argv) < 7 or sys.argv[5] != "--":
        print(__doc__, file=sys.stderr)
        return 2
    rate, settle, seconds = (float(word) for word in sys.argv[1:4])
    tandemctl, command = sys.argv[4].split(), sys.argv[6:]
    generator = Generator(command)
    if settle:
        generator.trial(rate, settle)
    begin = workers(tandemctl)
    trial = generator.trial(rate, seconds)
    end = workers(tandemctl)
    generator.end()
    if not trial["completed"]:
        fail("no call over memif succeeded: " + json.dumps(trial["failures"]))
    why = reasons(trial)
    print(json.dumps({
        "rate": rate, "seconds": trial["seconds"], "calls": trial["completed"],
        "tandem": tandem_figures(begin, end, trial["completed"]),
        "calls_told": {"placed": trial["started"], "succeeded": trial["completed"],
                       "failed": trial["failed"], "why": why, "clean": not why,
                       "caller_retransmissions": trial["retransmissions"]["caller"],
                       "target_retransmissions": trial["retransmissions"]["target"]}}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
