# SPDX-License-Identifier: BSD-3-Clause
"""The measuring half of bench/run: a pass over its parts, results.json and the report.

bench/run has built everything and taken the hugepages; this starts and ends the programs.
"""
import argparse
import datetime
import json
import os
import signal
import sys
import tempfile
import time

import machine as machines
import parts
import report
import rig as rigs
import search

# What each kind of pass may take, in seconds; a part that needs less leaves it to those after it.
FULL = {
    "limits": {"trial_seconds": 5, "baseline_seconds": 2, "confirm": True, "confirm_seconds": 60,
               "delay_runs": 5, "delay_seconds": 4, "capacity_window": 4,
               "capacity_hold_max": 40, "overload_seconds": 10, "drain_seconds": 8},
    # In order of worth: what comes last goes first when time runs out.
    "parts": {"baseline": 45, "sessions": 330, "delay": 80, "overload": 70, "capacity": 165,
              "registrations": 180, "stateless": 90},
}
QUICK = {
    "limits": {"trial_seconds": 1, "baseline_seconds": 0.5, "confirm": False,
               "confirm_seconds": 0, "delay_runs": 1, "delay_seconds": 2, "capacity_window": 1,
               "capacity_hold_max": 5, "overload_seconds": 2, "drain_seconds": 2},
    "parts": {"baseline": 8, "sessions": 32, "delay": 12, "capacity": 14, "overload": 24,
              "registrations": 15},
}
BUSY_SHARE_MAX = 1.02    # of the worker's time: more is a fault of the measurement
SLACK_SECONDS = {"full": 840, "quick": 105}


class Progress:
    """Lines on stderr: how long it runs, about how much is left, what happened."""

    def __init__(self, planned):
        self.began = time.monotonic()
        self.planned = dict(planned)
        self.part, self.part_began = None, self.began

    def begin(self, part, text):
        self.part, self.part_began = part, time.monotonic()
        self.say("%s: %s" % (part, text))

    def end(self):
        self.planned.pop(self.part, None)
        self.part = None

    def left(self):
        seconds = sum(self.planned.values())
        if self.part in self.planned:
            in_part = time.monotonic() - self.part_began
            seconds -= min(in_part, self.planned[self.part])
        return seconds

    def say(self, text):
        left = self.left()
        ahead = "at most %2.0f:%02d left" % (left // 60, left % 60) if self.planned else ""
        ran = time.monotonic() - self.began
        print("[%2d:%02d %s] %s" % (ran // 60, ran % 60, ahead, text), file=sys.stderr,
              flush=True)

    def __call__(self, text):
        self.say("   " + text)


def arguments():
    parser = argparse.ArgumentParser(prog="bench/run (measuring half)")
    parser.add_argument("--root", required=True)
    parser.add_argument("--build", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--cores", required=True, help="of tandemd and tandem-bench: A,B")
    parser.add_argument("--memory", type=int, required=True, help="MiB, of tandemd")
    parser.add_argument("--generator-memory", type=int, required=True, help="MiB")
    parser.add_argument("--huge", choices=("on", "off"), required=True)
    parser.add_argument("--start-rate", type=int)
    parser.add_argument("--sessions", type=int, default=50000)
    parser.add_argument("--command", default="bench/run")
    parser.add_argument("parts", nargs="*")
    return parser.parse_args()


def interrupted(number, _):
    raise SystemExit(128 + number)


def chosen_of(options):
    """The kind of pass and its parts."""
    asked = options.parts
    if asked == ["quick"]:
        return "quick", list(QUICK["parts"])
    if asked == ["rfc7502"]:
        return "rfc7502", ["rfc7502"]
    return ("parts", asked) if asked else ("full", list(FULL["parts"]))


def clocks(build, cores):
    return machines.clocks(os.path.join(build, "bench", "method", "clock"), cores)


def clock_table(cores, before, after):
    return {role: {"core": core, "tsc_ghz": before[core]["tsc_ghz"],
                   "effective_ghz": before[core]["effective_ghz"],
                   "lost_share": before[core]["lost_share"],
                   "effective_ghz_after": after[core]["effective_ghz"] if after else None}
            for role, core in zip(("tandemd", "tandem-bench"), cores)}


def run_rfc7502(run, options):
    least = options.sessions

    def sessions_of(rate):
        return max(least, 60 * rate)

    run.told("N = %d sessions, or 60 s x rate where that is more; hours, not minutes; "
             "--start-rate begins higher" % least)
    return parts.rfc7502(run, options.start_rate or 100, sessions_of)


def run_part(run, name, progress, options, results):
    if name == "rfc7502":
        progress.begin(name, "session establishment rate, RFC 7502 §4.10, unlimited in time")
        return run_rfc7502(run, options)
    function, text = parts.PARTS[name]
    progress.begin(name, text)
    return function(run)


def run_parts(run, kind, names, progress, options, results, keep=lambda: None):
    """`keep` is called after each part: an interrupted pass keeps those that it has."""
    plan = QUICK if kind == "quick" else FULL
    timed = kind in ("full", "quick")
    saved = 0.0
    for name in names:
        began = time.monotonic()
        if timed:
            whole = SLACK_SECONDS[kind] - (began - run.began)
            if whole < plan["parts"][name] / 3:
                results["skipped"][name] = "no time left in this pass"
                continue
            # What earlier parts left over, this one may use.
            run.until(min(began + plan["parts"][name] + saved, run.began + SLACK_SECONDS[kind]))
        try:
            results["parts"][name] = run.results[name] = run_part(run, name, progress, options,
                                                                  results)
        except search.OutOfTime:
            results["skipped"][name] = "no time left in this pass"
        except rigs.RigError as error:
            results["skipped"][name] = "failed: " + str(error).split("\n")[0]
            progress("%s failed: %s" % (name, error))
            run.rig.stop_tandemd()
        saved = max(0.0, saved + plan["parts"].get(name, 0) - (time.monotonic() - began))
        progress.end()
        keep()
    # A single part that wanted the peak has looked for it.
    if "sessions" in run.results:
        results["parts"].setdefault("sessions", run.results["sessions"])


def warn(results, complaints):
    for text in complaints:
        print("warning: " + text, file=sys.stderr, flush=True)
        results["warnings"].append(text)


def busy_share(row):
    return row.get("device", row).get("busy_share") or 0.0


def waited(results):
    """How the programs were kept from running while they were measured, and what cannot be."""
    said = []
    for name, part in results["parts"].items():
        rows = part.get("trials") or part.get("rows") or \
            [row for load in part.get("loads", ()) for row in load["runs"]]
        disturbed = sum(1 for row in rows if row.get("disturbed"))
        if disturbed:
            said.append("%s: in %d of %d trials the generator was late without being busy: "
                        "something else had its core" % (name, disturbed, len(rows)))
        beyond = [row for row in rows if busy_share(row) > BUSY_SHARE_MAX]
        if beyond:
            said.append("%s: error: in %d of %d trials the worker was busy for more than the time "
                        "that there was (at most %.2f of it): do not use its cycles" % (
                            name, len(beyond), len(rows), max(map(busy_share, beyond))))
        lost = {role: sum(row["waited_ms"].get(role, 0.0) for row in rows) / 1e3
                for role in ("tandemd", "generator")}
        if max(lost.values()) > 0.01 * sum(row.get("seconds", 0.0) for row in rows):
            said.append("%s: the polling threads waited for their cores, tandemd's %.2f s, the "
                        "generator's %.2f s" % (name, lost["tandemd"], lost["generator"]))
    return said


def main():
    options = arguments()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    kind, names = chosen_of(options)
    plan = QUICK if kind == "quick" else FULL
    cores = tuple(int(core) for core in options.cores.split(","))
    timed = {name: plan["parts"][name] for name in names if name in plan["parts"]}
    progress = Progress(timed)
    limits = dict(plan["limits"], start_rate=options.start_rate or 2000,
                  live_max=options.generator_memory * 2**20 // rigs.CALL_OCTETS)
    machine = machines.describe(options.root)
    os.makedirs(options.out, exist_ok=True)
    results = {"tandem_report": 1, "pass": kind if kind != "parts" else " ".join(names),
               "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
               "command": options.command, "machine": machine, "warnings": [], "skipped": {},
               "threshold_seconds": parts.THRESHOLD_SECONDS, "parts": {}, "setup": {},
               "commands": {}, "seconds": 0.0}

    busy = machines.busy_shares(1.0, sorted(machine["cores_usable"]))
    before = clocks(options.build, cores)
    warn(results, machines.complaints(machine, busy, before))
    stolen = machines.stolen_ticks()
    with tempfile.TemporaryDirectory(prefix="tandem-bench-%d-" % os.getpid()) as folder:
        rig = rigs.Rig(options.build, folder, cores, options.memory, options.huge, progress)
        rig.calls_max = limits["live_max"]
        run = parts.Pass(rig, limits, progress)
        try:
            run_parts(run, kind, names, progress, options, results,
                      lambda: keep(results, progress, options.out))
        finally:
            rig.stop()
            rig.keep(options.out)
    after = clocks(options.build, cores)
    machine["clock"] = clock_table(cores, before, after)
    warn(results, machines.drift(before, after) + waited(results))
    stolen = (machines.stolen_ticks() - stolen) / os.sysconf("SC_CLK_TCK")
    if stolen > 0.01 * (time.monotonic() - progress.began):
        warn(results, ["the hypervisor took %.1f s of the cores' time" % stolen])
    results["setup"] = rig.setup()
    results["commands"] = rig.commands
    results["seconds"] = time.monotonic() - progress.began
    write(results, options.out)
    progress.say("report: %s" % os.path.join(options.out, "report.md"))
    failed = any(why.startswith("failed") for why in results["skipped"].values())
    return 1 if failed or not results["parts"] else 0


def keep(results, progress, folder):
    results["seconds"] = time.monotonic() - progress.began
    save(results, folder)


def save(results, folder):
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "results.json")
    with open(path + ".new", "w", encoding="utf-8") as f:
        json.dump(results, f, indent=1)
        f.write("\n")
    os.replace(path + ".new", path)


def write(results, folder):
    save(results, folder)
    report.write(results, folder)


if __name__ == "__main__":
    sys.exit(main())
