#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What the runs of bench/compare amount to: ratios first, then figures, with their spread.

report.py keep FILE RUNS KEY=VALUE...          appends one run to RUNS and says it in one line
report.py report RUNS OUT JSON KEY=VALUE...    the table; files in OUT and JSON unless they are ''

Exit 0, or 1 if a run was not clean, or 2.  What is measured, and when: measure.py.
"""
import signal

# ^C is bench/compare's to answer.
signal.signal(signal.SIGINT, signal.SIG_DFL)

import json
import os
import platform
import shutil
import statistics
import sys

import chart

TITLES = {"sipp": "SIPp alone", "kamailio-tm": "Kamailio tm", "tandem-stateful": "Tandem",
          "kamailio-stateless": "Kamailio stateless", "tandem-stateless": "Tandem stateless",
          "memif-stateful": "Tandem, memif", "memif-stateless": "Tandem stateless, memif"}
# Kamailio, Tandem on the same path, Tandem over shared memory.
PAIRS = (("with transactions", "kamailio-tm", "tandem-stateful", "memif-stateful"),
         ("stateless", "kamailio-stateless", "tandem-stateless", "memif-stateless"))
# Another's work on the machine, in cores, that is worth a word.
OTHERS_MAX = 0.05
STEAL_MAX = 0.01


def values(pairs):
    return dict(pair.split("=", 1) for pair in pairs)


def keep(file, runs, pairs):
    with open(file) as f:
        run = json.load(f)
    known = values(pairs)
    for key in ("round", "position"):
        known[key] = int(known[key])
    clock = json.loads(known.pop("clock"))
    known["core_hz"] = clock["effective_ghz"] * 1e9 if clock else None
    run.update(known)
    with open(runs, "a") as f:
        f.write(json.dumps(run) + "\n")
    parts = []
    if "cpu_us" in run:
        shown = run["load_us"] if run["name"] == "sipp" else run["cpu_us"]
        parts.append("%.1f us a call (user %.1f, system %.1f)" % (
            shown["total"], shown["user"], shown["system"]))
    if run.get("tandem"):
        parts.append("busy %.0f cycles = %.2f us" % (
            run["tandem"]["busy_cycles"], run["tandem"]["busy_us"]))
    parts.append("; ".join(run["calls_told"]["why"]) or "clean")
    print("   %-24s %6g/s  %s" % (TITLES[run["name"]], run["rate"], ", ".join(parts)))
    return 0


def spread(numbers):
    """Lowest, median, highest; None of nothing."""
    if not numbers:
        return None
    return {"min": min(numbers), "median": statistics.median(numbers), "max": max(numbers),
            "count": len(numbers)}


class Runs:
    def __init__(self, runs):
        self.all = runs

    def of(self, name, rate, round_=None):
        return [r for r in self.all if r["name"] == name and r["rate"] == rate and
                round_ in (None, r["round"])]

    def rates(self, *names):
        return sorted({r["rate"] for r in self.all if r["name"] in names})

    def rounds(self):
        return sorted({r["round"] for r in self.all})

    def baseline(self, rate):
        """What SIPp costs with nothing in between."""
        alone = [r["load_us"]["total"] for r in self.of("sipp", rate)]
        return statistics.median(alone) if alone else None

    def added(self, run):
        """What the machine has more to do for the balancer's being there: its own time, and by how
        much SIPp's grows, in whose context the kernel works for it."""
        alone = self.baseline(run["rate"])
        if alone is None:
            return None
        return run["cpu_us"]["total"] + run["load_us"]["total"] - alone


MEASURES = (
    # key, of a run
    ("total", lambda runs, r: r["cpu_us"]["total"] if "cpu_us" in r else None),
    ("user", lambda runs, r: r["cpu_us"]["user"] if "cpu_us" in r else None),
    ("system", lambda runs, r: r["cpu_us"]["system"] if "cpu_us" in r else None),
    ("busy", lambda runs, r: r["tandem"]["busy_us"] if r.get("tandem") else None),
    ("busy_cycles", lambda runs, r: r["tandem"]["busy_cycles"] if r.get("tandem") else None),
    ("added", lambda runs, r: runs.added(r) if "cpu_us" in r else None),
    ("load", lambda runs, r: r["load_us"]["total"] if "load_us" in r else None),
    ("softirq_balancer_core",
     lambda runs, r: r["softirq_us"]["balancer_core"] if "softirq_us" in r else None),
    ("softirq_load_cores",
     lambda runs, r: r["softirq_us"]["load_cores"] if "softirq_us" in r else None),
)


def measured(runs, selected, key):
    read = dict(MEASURES)[key]
    return [v for v in (read(runs, r) for r in selected) if v is not None]


def ratio_rows(runs):
    """Kamailio over Tandem: one value a round, of the means of its runs.  `same_path`: both at the
    same rate on the same path."""
    rows = []
    for title, kamailio, tandem, memif in PAIRS:
        for rate in runs.rates(kamailio):
            others = [("all of it, same veth path", tandem, rate, "total", "total"),
                      ("without empty polls and sleeping", tandem, rate, "total", "busy"),
                      ("added to the machine", tandem, rate, "added", "added")]
            others += [("over memif at %g calls/s, busy" % r, memif, r, "total", "busy")
                       for r in runs.rates(memif)]
            for what, name, other_rate, above, below in others:
                found, clean = [], True
                for round_ in runs.rounds():
                    ours = runs.of(kamailio, rate, round_)
                    theirs = runs.of(name, other_rate, round_)
                    a, b = measured(runs, ours, above), measured(runs, theirs, below)
                    if a and b and statistics.mean(b) > 0:
                        found.append(statistics.mean(a) / statistics.mean(b))
                        clean &= all(r["calls_told"]["clean"] for r in ours + theirs)
                if found:
                    rows.append({"mode": title, "rate": rate, "what": what, "clean": clean,
                                 "same_path": name == tandem,
                                 "ratio": spread(found)})
    return rows


def figure_rows(runs):
    rows = []
    for name in TITLES:
        for rate in runs.rates(name):
            selected = runs.of(name, rate)
            row = {"name": name, "rate": rate, "runs": len(selected),
                   "clean": sum(r["calls_told"]["clean"] for r in selected),
                   "device": selected[0]["device"]}
            for key, _ in MEASURES:
                row[key] = spread(measured(runs, selected, key))
            rows.append(row)
    return rows


def machine():
    model = next((line.partition(":")[2].strip() for line in open("/proc/cpuinfo")
                  if line.startswith("model name")), "unknown")
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release()}


def shown(figure, digits=1):
    """median (lowest .. highest)"""
    if figure is None:
        return "-"
    lowest, text, highest = ("%.*f" % (digits, figure[key]) for key in ("min", "median", "max"))
    return text if lowest == highest else "%s (%s..%s)" % (text, lowest, highest)


def shown_ratio(figure):
    return shown(figure, 1 if figure["median"] >= 10 else 2)


def table(rows, left):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  " + "  ".join(cell.ljust(w) if i < left else cell.rjust(w)
                             for i, (cell, w) in enumerate(zip(row, widths))).rstrip()
            for row in rows]


def ghz(figure):
    return "not measured" if figure is None else shown(
        {k: v / 1e9 if k != "count" else v for k, v in figure.items()}, 2) + " GHz"


def describe(summary):
    known, about = summary["conditions"], summary["machine"]
    devices = sorted({f["device"].replace("net_", "") for f in summary["figures"] if f["device"]})
    return [
        "%s, %d cores, Linux %s; TSC %s, cores measured at %s" % (
            about["cpu"], about["cores"], about["kernel"], ghz(about["tsc_hz"]),
            ghz(about["core_hz"])),
        "Kamailio %s (one UDP worker), SIPp %s, DPDK %s, Tandem %s (%s build, one worker; %s)" % (
            known["kamailio"], known["sipp"], known["dpdk"], known["commit"], known["build"],
            ", ".join(devices) or "-"),
        "balancer on core %s, SIPp on %s; %s targets; windows of %s s; order %s; rounds: %s; "
        "hugepages %s" % (known["balancer_core"], known["load_cores"], known["targets"],
                          known["seconds"], known["order"], known["rounds"], known["hugepages"]),
        "processor time by %s" % known["accounting"],
    ]


def beyond(runs, key, limit):
    return [r[key] for r in runs if r.get(key, 0) > limit]


def warnings(summary):
    """What the reader has to know before believing."""
    found = []
    if summary["conditions"]["disturbed"] == "true":
        found.append("another bench/compare was running")
    for run in summary["runs"]:
        title = "%s at %g/s, round %d" % (TITLES[run["name"]], run["rate"], run["round"])
        if not run["calls_told"]["clean"]:
            found.append(title + ": NOT CLEAN: " + "; ".join(run["calls_told"]["why"]))
    others = beyond(summary["runs"], "others_cores", OTHERS_MAX)
    if others:
        found.append("others used up to %.2f cores beside %d of %d runs" % (
            max(others), len(others), len(summary["runs"])))
    steal = beyond(summary["runs"], "steal", STEAL_MAX)
    if steal:
        found.append("the host took up to %.1f %% of the time in %d of %d runs" % (
            100 * max(steal), len(steal), len(summary["runs"])))
    if summary["conditions"]["build"] not in ("release", "unknown"):
        found.append("Tandem is not built for release")
    if any(f["device"] == "net_af_packet" for f in summary["figures"]):
        found.append("AF_XDP was refused: Tandem ran on AF_PACKET")
    return found


def ratio_lines(rows):
    lines = table([["", "", "calls/s", "times"]] + [
        [r["mode"], r["what"], "%g" % r["rate"], shown_ratio(r["ratio"]) + ("" if r["clean"] else " *")]
        for r in rows], 2)
    if not all(r["clean"] for r in rows):
        lines.append("  * of runs that were not all clean: see below")
    return lines


def ratios_text(rows):
    """What is alike at both ends comes first; what is not, apart and by its name."""
    alike = [r for r in rows if r["same_path"]]
    apart = [r for r in rows if not r["same_path"]]
    lines = ["Kamailio's processor time a call over Tandem's: same rate, same path", ""]
    lines += ratio_lines(alike) if alike else ["  (no pair was measured)"]
    if apart:
        lines += ["", "Not alike: all of Kamailio's time, kernel and sockets included, over Tandem's "
                  "busy time alone,", "with shared memory for a network (memif), no kernel, at a "
                  "rate of its own.", "What the path is worth together with the balancer; no ratio of "
                  "the two balancers.", ""]
        lines += ratio_lines(apart)
    return lines


def text_of(summary):
    lines = ratios_text(summary["ratios"])
    lines += ["", "Microseconds of processor time a call: median (lowest..highest)", ""]
    rows = [["", "calls/s", "all of it", "user", "system", "busy alone", "added to machine",
             "clean"]]
    for f in summary["figures"]:
        total = f["load"] if f["name"] == "sipp" else f["total"]
        split = f["name"] != "sipp"
        rows.append([TITLES[f["name"]], "%g" % f["rate"], shown(total),
                     shown(f["user"] if split else None), shown(f["system"] if split else None),
                     shown(f["busy"], 2), shown(f["added"] if split else None),
                     "%d of %d" % (f["clean"], f["runs"])])
    lines += table(rows, 1)
    rows = [["", "calls/s", "on the balancer's core", "on SIPp's cores"]]
    rows += [[TITLES[f["name"]], "%g" % f["rate"], shown(f["softirq_balancer_core"]),
              shown(f["softirq_load_cores"])]
             for f in summary["figures"] if f["softirq_load_cores"]]
    if len(rows) > 1:
        lines += ["", "Of it in softirq, by samples of the clock's interrupt", ""] + table(rows, 1)
    rows = [["", "calls/s", "cycles"]]
    rows += [[TITLES[f["name"]], "%g" % f["rate"], shown(f["busy_cycles"], 0)]
             for f in summary["figures"] if f["busy_cycles"]]
    if len(rows) > 1:
        lines += ["", "Tandem's busy cycles (TSC) a call", ""] + table(rows, 1)
    lines += [""] + describe(summary)
    notes = warnings(summary)
    if notes:
        lines += ["", "Before believing it:"] + ["  " + note for note in notes]
    return "\n".join(lines) + "\n"


def summarise(runs, known):
    collected = Runs(runs)
    about = machine()
    about["tsc_hz"] = spread([r["tandem"]["tsc_hz"] for r in runs if r.get("tandem")])
    about["core_hz"] = spread([r["core_hz"] for r in runs if r["core_hz"]])
    return {"tandem_compare": 1, "machine": about, "conditions": known,
            "ratios": ratio_rows(collected), "figures": figure_rows(collected), "runs": runs}


def report(runs_file, out, json_file, pairs):
    with open(runs_file) as f:
        runs = [json.loads(line) for line in f]
    summary = summarise(runs, values(pairs))
    text = text_of(summary)
    document = json.dumps(summary, indent=1) + "\n"
    if json_file == "-":
        sys.stdout.write(document)
    else:
        sys.stdout.write("\n" + text)
    if json_file not in ("", "-"):
        with open(json_file, "w") as f:
            f.write(document)
    if out:
        os.makedirs(out, exist_ok=True)
        for name, content in (("compare.txt", text), ("compare.json", document)):
            with open(os.path.join(out, name), "w") as f:
                f.write(content)
        if shutil.which("gnuplot"):
            chart.draw(out, summary, TITLES)
        else:
            print("bench/compare: no gnuplot here: no charts", file=sys.stderr)
    return 0 if all(r["calls_told"]["clean"] for r in runs) else 1


def main():
    words = sys.argv[1:]
    try:
        if words[:1] == ["keep"] and len(words) >= 3:
            return keep(words[1], words[2], words[3:])
        if words[:1] == ["report"] and len(words) >= 4:
            return report(words[1], words[2], words[3], words[4:])
    except OSError as e:
        print("bench/compare: %s: %s" % (e.filename, e.strerror), file=sys.stderr)
        return 3
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
