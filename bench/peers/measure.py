#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Processor time of a window in the middle of a run, and what it is a call.  Used by bench/compare.

measure.py window FILE OPTIONS   waits, samples, waits, samples again; writes both samples
measure.py run FOLDER RATE CALLS BALANCER_CORES LOAD_CORES
                                 prints one run as JSON, out of FOLDER's window and SIPp's statistics

Knows nothing of rounds and ratios: that is report.py's.
"""
import signal

# ^C is bench/compare's to answer.
signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import bisect
import csv
import glob
import json
import os
import subprocess
import sys
import time

TICK_US = 1e6 / os.sysconf("SC_CLK_TCK")
# Of /proc/stat's columns.
USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL = range(8)
# A call of SIPp's open loop that came so much less often than asked for was not what was asked for.
RATE_TOLERANCE = 0.03


def read(path):
    with open(path) as f:
        return f.read()


def namespace_pids(names):
    """The processes whose network namespace has one of the names."""
    inodes = {os.stat("/run/netns/" + name).st_ino for name in names}
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.stat("/proc/%s/ns/net" % pid).st_ino in inodes:
                found.append(int(pid))
        except OSError:
            pass # it has ended
    return sorted(found)


def process_us(pids):
    """User and system time of processes, with the children that they have waited for."""
    user = system = 0
    for pid in pids:
        try:
            fields = read("/proc/%d/stat" % pid).rpartition(")")[2].split()
        except OSError:
            continue
        user += int(fields[11]) + int(fields[13])
        system += int(fields[12]) + int(fields[14])
    return {"user": user * TICK_US, "system": system * TICK_US,
            "total": (user + system) * TICK_US}


def group_us(folder, name, pids):
    """User, system and total time of a cgroup, in microseconds; without one, of the processes."""
    if not folder:
        return process_us(pids)
    fields = dict(line.split() for line in read("%s/%s/cpu.stat" % (folder, name)).splitlines())
    return {"user": float(fields["user_usec"]), "system": float(fields["system_usec"]),
            "total": float(fields["usage_usec"])}


def thread_us(pids):
    """Time on a processor of each thread, by "name/id"."""
    found = {}
    for pid in pids:
        for path in glob.glob("/proc/%d/task/*" % pid):
            try:
                name = read(path + "/comm").strip()
                found["%s/%s" % (name, os.path.basename(path))] = \
                    int(read(path + "/schedstat").split()[0]) / 1e3
            except OSError:
                pass # it has ended
    return found


def ksoftirqd_us():
    total = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if read("/proc/%s/comm" % pid).startswith("ksoftirqd/"):
                total += int(read("/proc/%s/schedstat" % pid).split()[0]) / 1e3
        except OSError:
            pass
    return total


def core_us():
    """Of /proc/stat: by core, the columns in microseconds."""
    cores = {}
    for line in read("/proc/stat").splitlines():
        name, _, rest = line.partition(" ")
        if name.startswith("cpu") and name != "cpu":
            cores[name[3:]] = [int(v) * TICK_US for v in rest.split()[:8]]
    return cores


def packets(pids):
    """By interface of the processes' namespaces: what the kernel has sent and received there."""
    sent, received = {}, {}
    for pid in pids:
        try:
            text = read("/proc/%d/net/dev" % pid)
        except OSError:
            continue
        for line in text.splitlines()[2:]:
            name, _, rest = line.partition(":")
            fields = rest.split()
            received[name.strip()], sent[name.strip()] = int(fields[1]), int(fields[9])
    return sent, received


def workers(command):
    """What tandemctl says of the workers, and when; None for other balancers."""
    if not command:
        return None
    answer = subprocess.run(command + ["--json", "show", "workers"], capture_output=True, text=True)
    if answer.returncode:
        sys.exit("bench/compare: tandemctl: " + answer.stderr.strip())
    return dict(json.loads(answer.stdout), time=time.time())


def sample(options):
    balancer = namespace_pids([options.balancer])
    load = namespace_pids(options.load.split(","))
    sent, received = packets(load)
    return {
        "balancer": group_us(options.group, "balancer", balancer),
        "load": group_us(options.group, "load", load),
        "threads": thread_us(balancer),
        "ksoftirqd": ksoftirqd_us(),
        "cores": core_us(),
        "sent": sent,
        "received": received,
        "time": time.time(),
    }


def wait_for_calls(path, seconds=20):
    """Until SIPp says that it has placed some: a busy machine is slow to start it."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if any(count(row, "TotalCallCreated") for row in statistics(path)):
                return
        except (OSError, IndexError, KeyError, ValueError):
            pass # not there, or a line half written
        time.sleep(0.02)
    sys.exit("bench/compare: SIPp places no calls")


def window(arguments):
    parser = argparse.ArgumentParser(prog="measure.py window")
    parser.add_argument("file")
    parser.add_argument("--calls", required=True, help="the callers' statistics")
    parser.add_argument("--settle", type=float, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--balancer", required=True, help="its network namespace")
    parser.add_argument("--load", required=True, help="its network namespaces")
    parser.add_argument("--group", default="", help="the folder of both cgroups")
    parser.add_argument("--tandemctl", default="", help="the command, split at blanks")
    options = parser.parse_args(arguments)
    command = options.tandemctl.split()
    wait_for_calls(options.calls)
    time.sleep(options.settle)
    # What asking costs tandemd stays outside; its counters have moments of their own.
    begin_workers = workers(command)
    begin = sample(options)
    time.sleep(options.seconds)
    end = sample(options)
    end_workers = workers(command)
    with open(options.file, "w") as f:
        json.dump({"begin": begin, "end": end, "begin_workers": begin_workers,
                   "end_workers": end_workers}, f)
    return 0


def statistics(path):
    """SIPp's rows, by column name."""
    with open(path, newline="") as f:
        rows = [row for row in csv.reader(f, delimiter=";") if row]
    return [dict(zip(rows[0], row)) for row in rows[1:] if len(row) >= len(rows[0]) - 1]


def count(row, column):
    return int(row[column] or 0)


class Calls:
    """How many calls had been placed at a moment, between SIPp's rows."""

    def __init__(self, rows):
        self.times = [float(row["CurrentTime"].split("\t")[2]) for row in rows]
        self.counts = [count(row, "TotalCallCreated") for row in rows]

    def at(self, moment):
        after = bisect.bisect_left(self.times, moment)
        if after == 0 or after == len(self.times):
            sys.exit("bench/compare: SIPp's statistics do not cover the window")
        t0, t1 = self.times[after - 1:after + 1]
        n0, n1 = self.counts[after - 1:after + 1]
        return n0 + (n1 - n0) * (moment - t0) / (t1 - t0)

    def between(self, begin, end):
        return self.at(end) - self.at(begin)


def a_call(begin, end, calls):
    return {key: (end[key] - begin[key]) / calls for key in begin if key in end}


def busy_cycles(worker):
    return (worker["cycles_per_message"] or 0) * worker["messages"]


def tandem_figures(begin, end, calls):
    """Of the workers' own counters: TSC cycles in polls that found something."""
    cycles = busy_cycles(end["total"]) - busy_cycles(begin["total"])
    messages = end["total"]["messages"] - begin["total"]["messages"]
    return {"busy_cycles": cycles / calls, "busy_us": cycles / calls * 1e6 / end["tsc_hz"],
            "cycles_a_message": cycles / messages if messages else None,
            "messages": messages / calls, "tsc_hz": end["tsc_hz"],
            "slept_share": (end["total"]["slept_us"] - begin["total"]["slept_us"]) / 1e6 /
                           (end["time"] - begin["time"]),
            "packets_a_burst": end["total"]["packets_per_burst"]}


def share(begin, end, cores, columns):
    """Of all time of these cores."""
    part = whole = 0
    for core in cores:
        grown = [after - before for before, after in zip(begin["cores"][core], end["cores"][core])]
        part += sum(grown[column] for column in columns)
        whole += sum(grown)
    return part / whole if whole else 0


def softirq(begin, end, cores, calls):
    return sum(end["cores"][c][SOFTIRQ] - begin["cores"][c][SOFTIRQ] for c in cores) / calls


def outcome(folder, rate, asked, in_window, seconds):
    """What SIPp says of the calls, and why the run is not a clean one."""
    caller = statistics(folder + "/caller.csv")[-1]
    targets = [statistics(path)[-1] for path in sorted(glob.glob(folder + "/target-*.csv"))]
    found = {"placed": count(caller, "TotalCallCreated"),
             "succeeded": count(caller, "SuccessfulCall(C)"),
             "failed": count(caller, "FailedCall(C)"),
             "caller_retransmissions": count(caller, "Retransmissions(C)"),
             "target_retransmissions": sum(count(t, "Retransmissions(C)") for t in targets)}
    why = []
    if found["failed"] or found["succeeded"] != asked:
        why.append("%d of %d calls did not succeed" % (asked - found["succeeded"], asked))
    for side in ("caller", "target"):
        if found[side + "_retransmissions"]:
            why.append("%d retransmissions by the %ss" % (found[side + "_retransmissions"], side))
    if abs(in_window / seconds / rate - 1) > RATE_TOLERANCE:
        why.append("%.0f calls a second instead of %g" % (in_window / seconds, rate))
    return dict(found, why=why, clean=not why)


def figures(folder, rate, asked, balancer_cores, load_cores):
    with open(folder + "/window.json") as f:
        taken = json.load(f)
    begin, end = taken["begin"], taken["end"]
    calls = Calls(statistics(folder + "/caller.csv"))
    number = calls.between(begin["time"], end["time"])
    if number < 1:
        sys.exit("bench/compare: no call was placed in the window")
    seconds = end["time"] - begin["time"]
    threads = a_call(begin["threads"], end["threads"], number)
    run = {
        "seconds": seconds, "calls": number,
        "cpu_us": a_call(begin["balancer"], end["balancer"], number),
        "load_us": a_call(begin["load"], end["load"], number),
        "ksoftirqd_us": (end["ksoftirqd"] - begin["ksoftirqd"]) / number,
        "softirq_us": {"balancer_core": softirq(begin, end, balancer_cores, number),
                       "load_cores": softirq(begin, end, load_cores, number)},
        "threads_us": dict(sorted(threads.items(), key=lambda item: -item[1])[:8]),
        "sent": a_call(begin["sent"], end["sent"], number),
        "received": a_call(begin["received"], end["received"], number),
        "balancer_core_busy": 1 - share(begin, end, balancer_cores, (IDLE, IOWAIT)),
        "steal": share(begin, end, balancer_cores + load_cores, (STEAL,)),
        "calls_told": outcome(folder, rate, asked, number, seconds),
    }
    machine = sum(sum(after[c] - before[c] for c in (USER, NICE, SYSTEM, IRQ, SOFTIRQ))
                  for before, after in ((begin["cores"][core], end["cores"][core])
                                        for core in begin["cores"]))
    # What neither the balancer nor SIPp has used: somebody else's, and a disturbance.
    run["others_cores"] = machine / 1e6 / seconds - (
        run["cpu_us"]["total"] + run["load_us"]["total"]) * number / 1e6 / seconds
    if taken["begin_workers"]:
        first, last = taken["begin_workers"], taken["end_workers"]
        run["tandem"] = tandem_figures(first, last, calls.between(first["time"], last["time"]))
    return run


def run(arguments):
    folder, rate, asked, balancer_cores, load_cores = arguments
    result = figures(folder, float(rate), int(asked), balancer_cores.split(","),
                     load_cores.split(","))
    print(json.dumps(dict({"rate": float(rate)}, **result)))
    return 0


def main():
    if sys.argv[1:2] == ["window"]:
        return window(sys.argv[2:])
    if sys.argv[1:2] == ["run"] and len(sys.argv) == 7:
        return run(sys.argv[2:])
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
