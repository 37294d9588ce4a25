# SPDX-License-Identifier: BSD-3-Clause
"""For tests of bench/method: a device of known capacity and noise in place of tandemd and
tandem-bench, on a virtual clock; and TAP."""
import os
import random
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "bench", "method"))

import rig      # noqa: E402
import search   # noqa: E402
import verdict  # noqa: E402

CASES = []


def case(function):
    CASES.append(function)
    return function


def run_cases():
    """Prints TAP; the exit status."""
    failed = 0
    print("1..%d" % len(CASES))
    for number, function in enumerate(CASES, 1):
        sentence = function.__name__.replace("_", " ")
        try:
            skipped = function()
        except Exception as error: # a test that breaks has failed, and says where
            failed += 1
            at = error.__traceback__
            while at.tb_next:
                at = at.tb_next
            print("not ok %d - %s" % (number, sentence))
            print("# %s:%d: %s: %s" % (at.tb_frame.f_code.co_filename, at.tb_lineno,
                                      type(error).__name__, error))
        else:
            print("ok %d - %s%s" % (number, sentence, " # SKIP " + skipped if skipped else ""))
    return 1 if failed else 0


def equal(got, wanted):
    if got != wanted:
        raise AssertionError("%r is not %r" % (got, wanted))


def true(value, text="it is not so"):
    if not value:
        raise AssertionError(text)


def trial_json(rate, seconds, failed=0, retransmissions=0, offered=None, faults=0, statuses=None,
               busy=None, late=False, out_of_calls=0, tx_full=0):
    """One trial as tandem-bench writes it.  busy: the generator, of its time; late: it was, and
    offered all the same."""
    offered = rate if offered is None else offered
    started = int(offered * seconds)
    delay = {"count": started, "mean": 12.5, "p50": 10.0, "p90": 20.0, "p99": 40.0,
             "p999": 80.0, "max": 160.0}
    return {
        "tandem_bench": 1, "rate": rate, "offered": offered, "seconds": seconds,
        "drain_seconds": 32.5 if failed else 0.1, "started": started,
        "completed": started - failed - out_of_calls, "failed": failed + out_of_calls,
        "begin_seconds": seconds, "planned_seconds": seconds,
        "completed_in_time": started - failed - out_of_calls,
        "elapsed_seconds": seconds + (32.5 if failed else 0.1),
        "goodput": (started - failed) / seconds,
        "flows": {"call": {"started": started, "completed": started - failed, "failed": failed}},
        "failures": {"timeout_invite": failed, "rejected": 0,
                     "out_of_calls": out_of_calls},
        "faults": {"lost_tag": faults, "wrong_branch": 0},
        "statuses": statuses or {"200": 2 * (started - failed)},
        "retransmissions": {"caller": retransmissions, "target": 0, "received": 0},
        "messages": {"sent": 6 * started, "received": 6 * started},
        "packets": {"sent": 6 * started, "received": 6 * started, "tx_full": tx_full},
        "delay_us": {name: dict(delay) for name in
                     ("invite", "response", "bye", "setup", "setup_net", "late", "gap")},
        "generator": {"busy_share": busy or (1.0 if offered < rate else 0.5),
                      "cycles_a_call": 6000,
                      "limited": offered < rate or late or tx_full > 0, "tsc_hz": 2600000000},
        "live_max": 100}


class Device:
    """Handles `capacity` calls a second; some trials fail by little all the same (noise), and
    trials of a minute or more at `steady` at most."""

    def __init__(self, capacity, noise=0.0, steady=None, generator=float("inf"), seed=1,
                 generator_busy=None):
        self.generator_busy = generator_busy # at its limit
        self.capacity, self.noise, self.generator = capacity, noise, generator
        self.steady = steady or capacity
        self.random = random.Random(seed)
        self.rates, self.lengths = [], []

    def json(self, rate, seconds):
        self.rates.append(rate)
        self.lengths.append(seconds)
        offered = min(rate, self.generator)
        most = self.steady if seconds >= 60 else self.capacity
        failed = int(max(0, offered - most) * seconds)
        if offered > most:
            failed = max(1, failed)
        slight = 1 if self.random.random() < self.noise else 0
        return trial_json(rate, seconds, failed=failed, retransmissions=slight, offered=offered,
                          busy=self.generator_busy if offered < rate else None)

    def send(self, rate, seconds):
        result = self.json(rate, seconds)
        return dict(verdict.judge(result), offered=result["offered"], started=result["started"])


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class ModelControl:
    def __init__(self, model):
        self.model = model

    def ask(self, command):
        live = self.model.live
        if command == "show memory":
            return {"total": {"txns": 2000, "txns_max": 100000, "txns_peak": 3000,
                              "tombstones": 50000, "tombstones_max": 10**7,
                              "tombstones_peak": 60000, "dialogs": live, "dialogs_max": 5 * 10**6,
                              "outbox_full": 0,
                              "owed": {"bye": {"count": 0, "bytes": 0}},
                              "copies": {"allocated_bytes": 10**6, "refused": 0}},
                    "bytes_each": {"txn": 384, "tombstone": 64, "dialog": 125},
                    "dataplane_bytes": 8 << 30}
        if command == "show dialogs":
            return {"total": {"live": live + 5000, "created": live + 90000, "ended": 89990,
                              "expired": 10}}
        if command == "show workers":
            return {"tsc_hz": 2600000000, "total": {
                "messages": self.model.messages, "cycles_per_message": 3000.0,
                "engine_cycles_per_message": 2000.0, "tx_dropped": 0}}
        return {"interfaces": [{"rx_missed": 0}]}


class ModelRig(rig.Rig):
    """The rig with a Device in place of processes; a trial costs the virtual time that a real one
    would: its length, and 32 s and a half more when calls run into Timer B."""

    def __init__(self, device, clock):
        super().__init__("/nowhere", "/nowhere", (0, 1), 4096, "on", lambda text: None)
        self.device, self.clock = device, clock
        self.messages = self.live = 0
        self.starts = []
        self.control = ModelControl(self)
        rig.time = self

    def monotonic(self):
        return self.clock()

    def start_tandemd(self, mode="stateful"):
        self.starts.append(mode)
        self.clock.now += 3

    def stop_tandemd(self):
        pass

    def renew(self):
        self.clock.now += 5

    def trial(self, rate, seconds, mix="call=1", ring=0, hold=0, kind="proxy", drain=None,
              during=()):
        before = self.counters()
        began = self.clock.now
        self.live = int(rate * hold / 1000)
        for second, sample in during:
            self.messages += int(rate * 6 * (began + second - self.clock.now))
            self.clock.now = began + second
            sample()
        self.messages += int(rate * 6 * (began + seconds - self.clock.now))
        self.clock.now = began + seconds
        after = self.counters()
        result = self.device.json(rate, seconds)
        self.clock.now += hold / 1000 + (result["drain_seconds"] if drain is None else
                                         min(drain, result["drain_seconds"]))
        result.update(waited_ms={"generator": 0.0, "tandemd": 0.0})
        if kind == "proxy":
            result["device"] = self.device_row(before, after)
        result["verdict"] = verdict.judge(result)
        return result


__all__ = ["ROOT", "case", "run_cases", "equal", "true", "trial_json", "Device", "Clock",
           "ModelRig", "search", "verdict"]
