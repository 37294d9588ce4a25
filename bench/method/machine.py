# SPDX-License-Identifier: BSD-3-Clause
"""What a report has to say about the machine, and whether the machine is fit for figures now.

Reads /proc and /sys and runs the program `clock`; changes nothing.
"""
import glob
import json
import os
import re
import subprocess
import time

BUSY_SHARE_MAX = 0.05   # of a core, used by others or stolen, before it is worth a warning
LOST_SHARE_MAX = 0.05   # of a core's time in `clock`
DRIFT_MAX = 0.03        # between effective frequencies before and after


def read(path, otherwise=""):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read().strip()
    except OSError:
        return otherwise


def output(*command, cwd=None):
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def cores_of(lists):
    """"0-2,5" as [0, 1, 2, 5]."""
    cores = []
    for part in lists.split(","):
        low, _, high = part.strip().partition("-")
        if low:
            cores += range(int(low), int(high or low) + 1)
    return cores


def cpu_times():
    """By core: (all, idle, stolen) in ticks."""
    times = {}
    for line in read("/proc/stat").splitlines():
        match = re.match(r"cpu(\d+) (.*)", line)
        if match:
            ticks = [int(n) for n in match.group(2).split()]
            times[int(match.group(1))] = (sum(ticks[:8]), ticks[3] + ticks[4], ticks[7])
    return times


def busy_shares(seconds, cores):
    """What of each core others used within so many seconds from now, time stolen included."""
    before = cpu_times()
    time.sleep(seconds)
    after = cpu_times()
    shares = {}
    for core in cores:
        whole = after[core][0] - before[core][0]
        idle = after[core][1] - before[core][1]
        shares[core] = 1.0 - idle / whole if whole else 0.0
    return shares


def stolen_ticks():
    return sum(times[2] for times in cpu_times().values())


def clocks(program, cores):
    """Effective and TSC frequency of each core, by `clock` pinned there."""
    rows = {}
    for core in cores:
        done = subprocess.run([program], capture_output=True, text=True, timeout=60, check=True,
                              preexec_fn=lambda core=core: os.sched_setaffinity(0, {core}))
        rows[core] = json.loads(done.stdout)
    return rows


def cpuinfo(key):
    match = re.search(r"^%s\s*: (.*)$" % re.escape(key), read("/proc/cpuinfo"), re.M)
    return match.group(1) if match else ""


def memory_kb(key):
    match = re.search(r"^%s:\s+(\d+)" % key, read("/proc/meminfo"), re.M)
    return int(match.group(1)) if match else 0


def hypervisor():
    kind = output("systemd-detect-virt", "--vm")
    if kind and kind != "none":
        return kind
    named = re.search(r"Hypervisor vendor:\s*(.*)", output("lscpu"))
    if named:
        return named.group(1)
    return "unknown" if " hypervisor" in cpuinfo("flags") else "none"


def describe(root):
    governors = {read(path) for path in
                 glob.glob("/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor")}
    flags = cpuinfo("flags").split()
    return {
        "cpu": cpuinfo("model name") or "unknown",
        "cpu_family_model": "%s/%s/%s" % (cpuinfo("cpu family"), cpuinfo("model"),
                                          cpuinfo("stepping")),
        "cores": os.cpu_count(),
        "cores_usable": sorted(os.sched_getaffinity(0)),
        "threads_a_core": len(cores_of(read(
            "/sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "0"))),
        "cache_l3": read("/sys/devices/system/cpu/cpu0/cache/index3/size") or "unknown",
        "memory_gib": round(memory_kb("MemTotal") / 2**20, 1),
        "kernel": os.uname().release,
        "system": re.sub(r'^.*PRETTY_NAME="([^"]*)".*$', r"\1",
                         read("/etc/os-release"), flags=re.S) or "unknown",
        "hypervisor": hypervisor(),
        "governor": ", ".join(sorted(governors)) or "not shown",
        "clocksource": read("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
        "tsc": {"constant": "constant_tsc" in flags, "nonstop": "nonstop_tsc" in flags},
        "isolated_cores": read("/sys/devices/system/cpu/isolated"),
        "dpdk": output("pkg-config", "--modversion", "libdpdk"),
        "compiler": output("gcc", "--version").split("\n")[0],
        "commit": output("git", "rev-parse", "--short=12", "HEAD", cwd=root) or "unknown",
        "commit_subject": output("git", "log", "-1", "--format=%s", cwd=root),
        "changed": bool(output("git", "status", "--porcelain", "--untracked-files=no", cwd=root)),
    }


def complaints(machine, busy, clock):
    """What makes figures of this machine, now, less worth; empty: nothing that can be seen."""
    said = []
    for core, share in sorted(busy.items()):
        if share > BUSY_SHARE_MAX:
            said.append("the machine is busy: others use %.0f %% of core %d" % (share * 100, core))
    for core, row in sorted(clock.items()):
        if row["lost_share"] > LOST_SHARE_MAX:
            said.append("core %d was interrupted for %.0f %% of its time" %
                        (core, row["lost_share"] * 100))
    if machine["governor"] not in ("performance", "not shown"):
        said.append("the frequency governor is %s, not performance" % machine["governor"])
    if machine["clocksource"] != "tsc" or not all(machine["tsc"].values()):
        said.append("the TSC is not invariant, or the kernel does not trust it (clocksource %s)"
                    % (machine["clocksource"] or "unknown"))
    if machine["threads_a_core"] > 1:
        said.append("cores have %d threads: the two used may share one"
                    % machine["threads_a_core"])
    if machine["changed"]:
        said.append("the sources differ from the commit")
    return said


def drift(before, after):
    said = []
    for core, row in sorted(after.items()):
        old, new = before[core]["effective_ghz"], row["effective_ghz"]
        if abs(new - old) > DRIFT_MAX * old:
            said.append("core %d ran at %.2f GHz before and %.2f GHz after: cycles compare, "
                        "times do not" % (core, old, new))
    return said
