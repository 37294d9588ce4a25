# SPDX-License-Identifier: BSD-3-Clause
"""The measurements of a pass, each a function of a Pass; what they return goes into results.json.

Knows the rig and the searches, not how a report looks.
"""
import math
import statistics
import time

import search
import verdict
from rig import RigError

SESSION = "call=1"
REGISTRATION = "register=1"
ANSWERED_AT_ONCE = {"ring": 0, "hold": 0}   # RFC 7502 §4.9: 2xx as quickly as it can; §4.8: 0 s
THRESHOLD_SECONDS = 32                      # Timers B and F at T1 = 500 ms (RFC 7501 §3.3.2)
WARM_SECONDS = THRESHOLD_SECONDS + 1        # state of a call is kept for 64*T1 after its end
DELAY_SHARES = (0.2, 0.5, 0.8)
DELAYS = ("invite", "response", "bye", "setup_net", "exchange", "late", "gap")
QUANTILES = ("p50", "p99", "p999")
OVERLOADS = (1, 2, 10)
CAPACITY_SHARE = 0.4                        # of the peak: the moderate rate of the capacity part
CAPACITY_LIVES = (1000, 10000, 100000, 1000000, 10000000)
HOLD_MAX_MS = 3600000


class Pass:
    """One run of bench/run: the rig, how long things may take, and what was found so far."""

    def __init__(self, rig, limits, told, clock=time.monotonic):
        self.rig, self.limits, self.told, self.clock = rig, limits, told, clock
        self.began = clock()
        self.ends = float("inf")
        self.results = {}

    def until(self, moment):
        """No trial begins that could not end by then."""
        self.ends = moment

    def seconds_left(self):
        return self.ends - self.clock()

    def trial(self, rate, seconds, keep=None, cut=True, **how):
        """A trial, told of and kept as a row of `keep`.  cut: in a pass that has no time for
        Timer B, calls that do not end soon have failed."""
        if self.seconds_left() < seconds:
            raise search.OutOfTime()
        drain = self.limits.get("drain_seconds") if cut else None
        result = self.rig.trial(rate, seconds, drain=drain, **how)
        row = row_of(result, rate, seconds)
        if drain is not None and (row["cut"] or not row["clean"]):
            # tandemd would go on for 64*T1 with what was cut off, in the middle of later trials.
            self.rig.renew()
        if keep is not None:
            keep.append(row)
        self.told(sentence_of(row))
        return row

    def peak(self):
        """Of the sessions part; a pass of single parts looks for it first."""
        if not self.results.get("sessions", {}).get("rate"):
            self.told("the peak has to be known first")
            self.results["sessions"] = sessions(self)
        rate = self.results["sessions"]["rate"]
        if not rate:
            raise RigError("not even one call a second passes: nothing can be measured\n" +
                           self.rig.tail("tandem-bench.log"))
        return rate


def row_of(result, rate, seconds):
    """What of a trial's JSON the report keeps."""
    judged = result["verdict"]
    device = result.get("device") or {}
    row = {"rate": rate, "seconds": seconds, "begin_seconds": result["begin_seconds"],
           "elapsed_seconds": result["elapsed_seconds"],
           "offered": verdict.offered(result), "cut": bool(result.get("interrupted")),
           "started": verdict.sent(result), "completed": result["completed"],
           "failed": result["failed"], "goodput": result["goodput"],
           "drain_seconds": result["drain_seconds"],
           "failures": {k: n for k, n in result["failures"].items() if n},
           "faults": {k: n for k, n in result["faults"].items() if n},
           "statuses": {k: n for k, n in result["statuses"].items() if n},
           "retransmissions": result["retransmissions"], "messages": result["messages"],
           "live_max": result["live_max"], "generator": result["generator"],
           "delay_us": {k: result["delay_us"][k] for k in DELAYS if k in result["delay_us"]},
           "waited_ms": result["waited_ms"], "device": device}
    row.update(judged)
    return row


def sentence_of(row):
    said = "passed" if row["passed"] else "; ".join(row["reasons"])
    busy = row["device"].get("busy_share")
    if busy is not None:
        said += ", worker %.0f %% busy" % (busy * 100)
    return "%d/s for %g s: %s" % (row["rate"], row["seconds"], said)


# ---- rates

def rate_part(run, mix, kind="proxy", confirm=True, trial_seconds=None):
    """The quick search, and the result once at N = 60 s x rate."""
    trials = []
    how = dict(ANSWERED_AT_ONCE, mix=mix, kind=kind, keep=trials)
    seconds = trial_seconds or run.limits["trial_seconds"]

    def send(rate, length):
        return run.trial(rate, length, **how)

    found = search.quick(send, run.limits["start_rate"], seconds)
    part = {"mix": mix, "trial_seconds": seconds, "search_rate": found["rate"],
            "complete": found["complete"], "rate": found["rate"], "confirmed": None,
            "limited": found["limited"], "offered": found["offered"], "trials": trials}
    if confirm and part["rate"]:
        run.told("confirming %d/s for %d s" % (part["rate"], run.limits["confirm_seconds"]))
        sure = search.confirm(send, part["rate"], run.limits["confirm_seconds"])
        part["confirmed"] = dict(sure, seconds=run.limits["confirm_seconds"])
        part["rate"] = sure["rate"]
        part["limited"] = part["limited"] or sure["limited"]
    part["memory_full"] = memory_was_full(trials, part["rate"])
    best = [row for row in trials if row["clean"]]
    part["at_best"] = max(best, key=lambda row: (search.bound(row["rate"], row), row["seconds"])) \
        if best else None
    return part


def memory_was_full(trials, rate):
    """In a trial that failed at the lowest rate above the result: what keeps it from being more."""
    failed = [row for row in trials if not row["clean"] and row["rate"] >= rate]
    nearest = min((row["rate"] for row in failed), default=None)
    return any(row["device"].get("memory_full") for row in failed if row["rate"] == nearest)


def baseline(run):
    """RFC 7502 §6.1: callers and targets of the generator over a ring of its own, nothing
    between."""
    return rate_part(run, SESSION, kind="loop", confirm=False,
                     trial_seconds=run.limits["baseline_seconds"])


def sessions(run):
    """RFC 7502 §6.2, by the quick search."""
    run.rig.start_tandemd("stateful")
    return rate_part(run, SESSION, confirm=run.limits["confirm"])


def registrations(run):
    """RFC 7502 §6.7: every REGISTER has a Call-ID and an address of record of its own."""
    run.rig.start_tandemd("stateful")
    return rate_part(run, REGISTRATION, confirm=run.limits["confirm"])


def stateless(run):
    """The same calls without transactions: messages a second and what one costs."""
    run.rig.start_tandemd("stateless")
    part = rate_part(run, SESSION, confirm=False)
    best = part["at_best"]
    if best:
        part["messages_a_second"] = best["device"]["messages"] / best["begin_seconds"]
        part["cycles_a_message"] = best["device"]["cycles_a_message"]
    return part


def rfc7502(run, start, sessions_of, mix=SESSION):
    """RFC 7502 §4.10 to the letter, as long as it takes."""
    trials = []
    run.rig.start_tandemd("stateful")

    def send(rate, seconds):
        return run.trial(rate, seconds, keep=trials, mix=mix, cut=False, **ANSWERED_AT_ONCE)

    began = run.clock()
    found = search.rfc7502(send, sessions_of, start, told=run.told)
    at_rate = [row for row in trials if row["clean"] and
               math.floor(search.bound(row["rate"], row) + 1e-9) == found["rate"]]
    return {"mix": mix, "start_rate": start, "rate": found["rate"], "limited": found["limited"],
            "sessions_at_rate": at_rate[-1]["started"] if at_rate else 0,
            "sessions_all": sum(row["started"] for row in trials),
            "seconds": run.clock() - began, "trials": trials,
            "memory_full": memory_was_full(trials, found["rate"])}


# ---- capacity

def in_use_octets(memory):
    """Octets that tandemd's tables and copies occupy: of what it reserved, what is taken."""
    total, each = memory["total"], memory["bytes_each"]
    return (total["txns"] * each["txn"] + total["tombstones"] * each["tombstone"] +
            total["dialogs"] * each["dialog"] + total["copies"]["allocated_bytes"])


def capacity_point(run, rate, live):
    """Calls that last as long as keeps `live` of them alive at that rate; sampled in a window
    after the first of them have ended."""
    window = run.limits["capacity_window"]
    hold = live / rate
    samples = []

    def sample():
        samples.append((run.rig.counters(), run.rig.control.ask("show memory"),
                        run.rig.control.ask("show dialogs")["total"]))

    ramp = hold + 0.5
    hold_ms = max(1, round(hold * 1000))
    row = run.trial(rate, ramp + window, mix=SESSION, ring=0, hold=hold_ms,
                    during=[(ramp, sample), (ramp + window - 0.3, sample)])
    cost = run.rig.device_row(samples[0][0], samples[1][0])
    memory = samples[1][1]
    total = memory["total"]
    # `dialogs` holds those that have ended for another 64*T1.
    up = max(0, samples[1][2]["created"] - samples[1][2]["ended"] - samples[1][2]["expired"])
    return {"live": live, "rate": rate, "seconds": ramp + window,
            "hold_ms": hold_ms, "live_max": row["live_max"],
            "offered": row["offered"], "failed": row["failed"], "passed": row["passed"],
            "limited": row["limited"], "clean": row["clean"], "reasons": row["reasons"], "disturbed": row["disturbed"],
            "messages": cost["messages"], "cycles_a_message": cost["cycles_a_message"],
            "engine_cycles_a_message": cost["engine_cycles_a_message"],
            "busy_share": cost["busy_share"], "txns": total["txns"],
            "tombstones": total["tombstones"], "dialogs": total["dialogs"],
            "dialogs_max": total["dialogs_max"], "in_use_octets": in_use_octets(memory),
            "dialogs_up": up,
            "octets_a_call": (up * memory["bytes_each"]["dialog"] +
                              total["owed"]["bye"]["bytes"]) / (row["offered"] * hold_ms / 1e3),
            "memory_octets": memory["dataplane_bytes"], "waited_ms": row["waited_ms"]}


def warmed(run, rate):
    """Runs the rate for 64*T1: from then on as many transactions and dialogs of the past expire
    as come anew, and rows differ by the calls that are up alone.  False: no time, or it failed."""
    ahead = sum(0.5 + run.limits["capacity_window"] + live / rate for live in CAPACITY_LIVES
                if live <= run.limits["live_max"] and
                live / rate <= run.limits["capacity_hold_max"])
    if run.seconds_left() < WARM_SECONDS + ahead:
        return False
    run.told("%d calls/s for 64*T1, so that all rows begin in the same state" % rate)
    return run.trial(rate, WARM_SECONDS, mix=SESSION, **ANSWERED_AT_ONCE)["clean"]


def capacity(run):
    """Cost of a message and memory against calls that are up, at one rate."""
    peak = run.peak()
    run.rig.start_tandemd("stateful")
    rate = max(1, search.rounded(peak * CAPACITY_SHARE))
    rows, left_out, steady = [], [], False
    dialogs_max = run.rig.control.ask("show memory")["total"]["dialogs_max"]
    for live in CAPACITY_LIVES:
        hold = live / rate
        if live > run.limits["live_max"]:
            left_out.append({"live": live, "why": "tandem-bench has room for %d calls"
                             % run.limits["live_max"]})
        elif live + rate * THRESHOLD_SECONDS > dialogs_max:
            left_out.append({"live": live, "why": "tandemd's memory has room for %d dialogs, "
                             "those that ended in the last 64*T1 included" % dialogs_max})
        elif hold * 1000 > HOLD_MAX_MS or hold > run.limits["capacity_hold_max"]:
            left_out.append({"live": live, "why": "%.0f s of ramp at %d calls/s are longer than "
                             "this pass takes" % (hold, rate)})
        else:
            try:
                steady = steady or warmed(run, rate)
                rows.append(dict(capacity_point(run, rate, live), steady=steady))
                # What failed was cut, and tandemd begins anew.
                steady = steady and rows[-1]["clean"]
            except search.OutOfTime:
                left_out.append({"live": live, "why": "no time left in this pass"})
    return {"rate": rate, "window_seconds": run.limits["capacity_window"], "rows": rows,
            "left_out": left_out}


# ---- delay

def is_whole(run):
    return run["clean"] and not run["cut"]


def median_delays(runs):
    """Per delay and quantile the median over runs: one disturbed run does not decide.  Delays of a
    run that failed or was cut are those of the calls that it had left: they do not count."""
    medians = {}
    runs = [run for run in runs if is_whole(run)]
    for delay in DELAYS:
        having = [run["delay_us"][delay] for run in runs if delay in run["delay_us"]]
        having = [d for d in having if d["count"]]
        if having:
            medians[delay] = {q: statistics.median(d[q] for d in having) for q in QUANTILES}
            medians[delay]["max"] = max(d["max"] for d in having)
    return medians


def delay(run):
    """One-way delays through the proxy at shares of the peak, beside the generator's own gaps."""
    peak = run.peak()
    run.rig.start_tandemd("stateful")
    loads = []
    for share in DELAY_SHARES:
        rate, runs = max(1, search.rounded(peak * share)), []
        try:
            for _ in range(run.limits["delay_runs"]):
                run.trial(rate, run.limits["delay_seconds"], keep=runs, mix=SESSION,
                          **ANSWERED_AT_ONCE)
        except search.OutOfTime:
            run.told("no time for more runs")
        if not runs:
            break
        loads.append({"share": share, "rate": rate, "runs": runs, "median": median_delays(runs),
                      "left_out": sum(1 for run in runs if not is_whole(run))})
    return {"peak": peak, "loads": loads}


# ---- overload

def overload(run):
    """Goodput when more is offered than the peak."""
    peak = run.peak()
    run.rig.start_tandemd("stateful")
    rows = []
    for factor in OVERLOADS:
        try:
            row = run.trial(peak * factor, run.limits["overload_seconds"], keep=rows,
                            mix=SESSION, **ANSWERED_AT_ONCE)
        except search.OutOfTime:
            run.told("no time for more")
            break
        row["factor"] = factor
        row["offered_share"] = row["offered"] / peak
        row["goodput_share"] = row["goodput"] / peak
    return {"peak": peak, "rows": rows}


PARTS = {
    "baseline": (baseline, "session rate of the generator alone (RFC 7502 §6.1)"),
    "sessions": (sessions, "session establishment rate (RFC 7502 §6.2, quick search)"),
    "delay": (delay, "delay added at 20, 50 and 80 % of the peak"),
    "capacity": (capacity, "cost of a message and memory against calls that are up"),
    "registrations": (registrations, "registration rate (RFC 7502 §6.7, quick search)"),
    "overload": (overload, "goodput at 1, 2 and 10 times the peak"),
    "stateless": (stateless, "messages a second without transactions"),
}
