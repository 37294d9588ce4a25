# SPDX-License-Identifier: BSD-3-Clause
"""report.md out of results.json: tables, RFC 7502's forms, links to the plots.

Pure text: every figure is the results'.  `python3 report.py FOLDER` writes report.md and the plots
of FOLDER/results.json anew.
"""
import json
import os
import sys

import forms
import plots
import verdict


def thousands(value):
    return "-" if value is None else "{:,.0f}".format(value)


def decimal(value, digits=1):
    return "-" if value is None else "{:,.{}f}".format(value, digits)


def percent(share):
    return "-" if share is None else "%.1f %%" % (share * 100)


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def core_cycles(results, tsc_cycles):
    """TSC cycles as cycles of the worker's core, at the frequency measured."""
    clock = results["machine"].get("clock", {}).get("tandemd")
    if tsc_cycles is None or not clock:
        return None
    return tsc_cycles * clock["effective_ghz"] / clock["tsc_ghz"]


def limit_of(part):
    if part.get("memory_full"):
        return "tandemd's memory was full in the trial that failed next above: the rate is bound by " \
               "memory, not by the core"
    if part["limited"]:
        return "the generator was the limit, in two trials one after another: a lower bound"
    if part.get("complete") is False:
        return "the search ran out of time: a lower bound"
    return "the device"


def rate_sentence(part, unit):
    sure = part["confirmed"]
    if not part["rate"]:
        return "No rate passed."
    mark = "at least " if part["limited"] or part.get("complete") is False else ""
    said = "**%s%s %s**" % (mark, thousands(part["rate"]), unit)
    if sure and sure["confirmed"]:
        said += ", confirmed with N = %s in %d s (%d %s)" % (
            thousands(sure["sessions"]), sure["seconds"], sure["tries"],
            "try" if sure["tries"] == 1 else "tries")
    elif sure:
        said += ", **not confirmed** over %d s (%d tries; the search alone found %s)" % (
            sure["seconds"], sure["tries"], thousands(part["search_rate"]))
    else:
        said += " by trials of %g s; not confirmed over a longer time" % part["trial_seconds"]
    return said + "."


def trial_rows(part):
    rows = []
    for row in part["trials"]:
        device = row["device"]
        outcome = "passed" if row["passed"] else "failed"
        if row["clean"] and row["limited"]:
            outcome = "disturbed" if row["disturbed"] else "not offered"
        rows.append((thousands(row["rate"]), thousands(row["offered"]), "%g" % row["seconds"],
                     thousands(row["started"]), thousands(row["failed"]),
                     thousands(sum(row["faults"].values())),
                     thousands(sum(row["retransmissions"].values())),
                     percent(device.get("busy_share")),
                     thousands(device.get("cycles_a_message")),
                     percent(row["generator"]["busy_share"]),
                     outcome))
    return table(("rate asked", "offered", "s", "started", "failed", "faults", "retransmissions",
                  "worker busy", "cycles/message", "generator busy", "verdict"), rows)


def rate_section(results, name, heading, unit):
    part = results["parts"].get(name)
    if not part:
        return ""
    said = "## %s\n\n%s Limit: %s.\n" % (heading, rate_sentence(part, unit), limit_of(part))
    best = part.get("at_best")
    if best and best["device"].get("messages"):
        device = best["device"]
        said += ("\nIn the best trial without a failure (%s/s for %g s): %s messages, %s TSC cycles a "
                 "message (%s core cycles), of them %s in the engine; worker %s busy.\n" % (
                     thousands(best["rate"]), best["seconds"], thousands(device["messages"]),
                     thousands(device["cycles_a_message"]),
                     thousands(core_cycles(results, device["cycles_a_message"])),
                     thousands(device["engine_cycles_a_message"]),
                     percent(device["busy_share"])))
    if best and best["generator"].get("cycles_a_call"):
        said += "The generator spent %s TSC cycles a call.\n" % \
            thousands(best["generator"]["cycles_a_call"])
    if "messages_a_second" in part:
        said += "Messages received a second in that trial: %s.\n" % \
            thousands(part["messages_a_second"])
    said += "\n" + trial_rows(part)
    if any(row["clean"] and row["limited"] for row in part["trials"]):
        said += ("\nNot offered, disturbed: all was well with the calls that were sent, but not as "
                 "many were as asked, or late: no pass. Such a trial is repeated once.\n")
    worst = [row for row in part["trials"] if not row["passed"]]
    for row in worst[:3]:
        said += "\nAt %s/s: %s." % (thousands(row["rate"]), "; ".join(row["reasons"]))
    return said + ("\n" if worst else "")


def rfc7502_section(results):
    part = results["parts"].get("rfc7502")
    if not part:
        return ""
    return ("## RFC 7502, section 4.10\n\nR = **%s%s sessions/s** after %d trials and %s sessions "
            "in %.1f hours. Limit: %s.\n\n" % (
                "at least " if part["limited"] else "", thousands(part["rate"]),
                len(part["trials"]), thousands(part["sessions_all"]), part["seconds"] / 3600,
                limit_of(dict(part, complete=True))) + trial_rows(part))


def capacity_section(results):
    part = results["parts"].get("capacity")
    if not part:
        return ""
    rows, first = [], None
    for row in part["rows"]:
        first = first or row["cycles_a_message"]
        ratio = row["cycles_a_message"] / first if first and row["cycles_a_message"] else None
        rows.append((thousands(row["live"]), thousands(row["dialogs_up"]),
                     thousands(row["dialogs"]),
                     thousands(row["cycles_a_message"]),
                     thousands(core_cycles(results, row["cycles_a_message"])),
                     decimal(ratio, 2), percent(row["busy_share"]), thousands(row["txns"]),
                     thousands(row["tombstones"]), decimal(row["octets_a_call"], 0),
                     decimal(row["in_use_octets"] / 2**20), thousands(row["failed"]),
                     "steady" if row["steady"] else "new"))
    said = ("## Session capacity at flat cost\n\n%s calls/s throughout; the time that calls last "
            "sets how many are up. Sampled in the last %g s of each trial, after the first calls "
            "have ended.\n\n" % (thousands(part["rate"]), part["window_seconds"]))
    said += table(("calls up", "dialogs up", "dialogs kept", "TSC cycles/message", "core cycles/message",
                   "to the first", "worker busy", "transactions", "tombstones",
                   "octets a call up", "MiB in use", "failed", "state"), rows)
    if any(row["steady"] for row in part["rows"]):
        said += ("\nSteady: the rate had run for 64*T1 before, so that as much of the past expired "
                 "as came anew.\n")
    if not all(row["steady"] for row in part["rows"]):
        said += ("\n**New: this pass had no time to run the rate for 64*T1 before**, or the row "
                 "before failed: little of the past expires in the window, and rows differ by more "
                 "than the calls that are up. Do not compare their cycles.\n")
    for left in part["left_out"]:
        said += "\nNot measured: %s calls (%s)." % (thousands(left["live"]), left["why"])
    return said + ("\n" if part["left_out"] else "")


def delay_section(results):
    part = results["parts"].get("delay")
    if not part:
        return ""
    rows = []
    names = (("invite", "INVITE, caller to target"), ("response", "200, target to caller"),
             ("late", "sent late by the generator"), ("gap", "the generator's own gaps"))
    for load in part["loads"]:
        for name, text in names:
            quantiles = load["median"].get(name)
            if quantiles:
                rows.append(("%.0f %% (%s/s)" % (load["share"] * 100, thousands(load["rate"])),
                             text, decimal(quantiles["p50"]), decimal(quantiles["p99"]),
                             decimal(quantiles["p999"]), decimal(quantiles["max"]),
                             len(load["runs"]) - load["left_out"],
                             load["left_out"],
                             sum(1 for run in load["runs"] if run["disturbed"])))
        if not load["median"]:
            rows.append(("%.0f %% (%s/s)" % (load["share"] * 100, thousands(load["rate"])),
                         "every run failed", "-", "-", "-", "-", 0, load["left_out"], "-"))
    return ("## Delay added\n\nMicroseconds, one way, from when a message was due; each quantile "
            "is the median of the runs, the maximum that of all. Runs that failed or were cut are left out. "
            "Peak: %s calls/s.\n\n" %
            thousands(part["peak"]) +
            table(("load", "delay", "p50", "p99", "p99.9", "max", "runs", "left out", "disturbed"),
                  rows))


def overload_section(results):
    part = results["parts"].get("overload")
    if not part:
        return ""
    rows = []
    for row in part["rows"]:
        statuses = ", ".join("%s: %s" % (code, thousands(count))
                             for code, count in sorted(row["statuses"].items()))
        rows.append(("%g" % row["factor"], thousands(row["rate"]), thousands(row["offered"]),
                     percent(row["offered_share"]), thousands(row["goodput"]),
                     percent(row["goodput_share"]), thousands(row["failed"]),
                     thousands(sum(row["retransmissions"].values())),
                     percent(row["device"].get("busy_share")), statuses or "-"))
    short = [row for row in part["rows"]
             if row["offered"] < verdict.OFFERED_SHARE_MIN * row["rate"]]
    held = [row for row in short if row["limit"] == "device"]
    short = [row for row in short if row["limit"] != "device"]
    said = ("## Overload\n\nGoodput: calls completed in the time in which calls were begun, a second. "
            "Offered: calls that were really sent. Shares are of the peak, %s calls/s.\n\n" % thousands(part["peak"]))
    said += table(("times the peak", "asked", "offered", "offered, of the peak", "goodput",
                   "goodput, of the peak", "failed", "retransmissions", "worker busy",
                   "answers"), rows)
    if held:
        said += ("\ntandemd's ring was full at %s times the peak: `offered` is what it let in.\n"
                 % ", ".join("%g" % row["factor"] for row in held))
    if short:
        said += ("\nThe generator did not reach what was asked at %s times the peak: read "
                 "`offered`.\n" % ", ".join("%g" % row["factor"] for row in short))
    return said


def machine_section(results):
    machine = results["machine"]
    rows = [("processor", "%s (family/model/stepping %s)" % (machine["cpu"],
                                                            machine["cpu_family_model"])),
            ("cores", "%d, %d thread(s) each; L3 %s" % (machine["cores"],
                                                        machine["threads_a_core"],
                                                        machine["cache_l3"])),
            ("memory", "%g GiB" % machine["memory_gib"]),
            ("hypervisor", machine["hypervisor"]), ("system", machine["system"]),
            ("kernel", machine["kernel"]), ("governor", machine["governor"]),
            ("clock source", machine["clocksource"]), ("DPDK", machine["dpdk"]),
            ("compiler", machine["compiler"]),
            ("commit", "%s %s%s" % (machine["commit"], machine["commit_subject"],
                                    " (with changes)" if machine["changed"] else ""))]
    for role, clock in sorted(machine.get("clock", {}).items()):
        rows.append(("core of %s" % role,
                     "%d: TSC %.3f GHz, effective %.3f GHz before and %s GHz after" % (
                         clock["core"], clock["tsc_ghz"], clock["effective_ghz"],
                         decimal(clock.get("effective_ghz_after"), 3))))
    for key, value in results["setup"].items():
        rows.append((key, value))
    said = "## Machine and set-up\n\n" + table(("", ""), rows)
    commands = "".join("    %s\n" % command for _, command in sorted(
        results["commands"].items()))
    return said + "\nCommands, trials on standard input of tandem-bench:\n\n" + commands


def summary(results):
    rows = []
    for name, text, unit in (("baseline", "generator alone", "calls/s"),
                             ("sessions", "session establishment rate", "calls/s"),
                             ("registrations", "registration rate", "registrations/s"),
                             ("stateless", "sessions, stateless", "calls/s")):
        part = results["parts"].get(name)
        if part:
            sure = part["confirmed"]
            rows.append((text, ("at least " if part["limited"] else "") +
                         thousands(part["rate"]) + " " + unit,
                         "yes" if sure and sure["confirmed"] else "no"))
    part = results["parts"].get("rfc7502")
    if part:
        rows.append(("session establishment rate, RFC 7502 §4.10",
                     ("at least " if part["limited"] else "") +
                     thousands(part["rate"]) + " sessions/s", "by the procedure"))
    return table(("", "rate", "confirmed at N = 60 s x rate"), rows) if rows else ""


def format_report(results, drawn):
    captions = dict(drawn)

    def plot(name):
        return "\n![%s](plots/%s.png)\n" % (captions[name], name) if name in captions else ""

    warnings = "".join("- %s\n" % text for text in results["warnings"])
    sections = [
        "# Tandem: report of %s\n\nPass `%s`, commit %s, %s, in %.0f s: `%s`\n\n%s" % (
            results["date"], results["pass"], results["machine"]["commit"],
            results["machine"]["cpu"], results["seconds"], results["command"],
            summary(results)),
        "## Warnings\n\n%s" % warnings if warnings else "",
        "".join("%s: not measured (%s).\n\n" % pair for pair in sorted(
            results["skipped"].items())),
        rate_section(results, "sessions", "Session establishment rate", "calls/s") +
        plot("search-sessions"),
        rfc7502_section(results) + plot("search-rfc7502"),
        rate_section(results, "registrations", "Registration rate", "registrations/s") +
        plot("search-registrations"),
        capacity_section(results) + plot("capacity"),
        delay_section(results) + plot("delay"),
        overload_section(results) + plot("overload"),
        rate_section(results, "stateless", "Stateless mode", "calls/s"),
        rate_section(results, "baseline", "Baseline: the generator alone", "calls/s"),
        forms.section(results),
        machine_section(results),
        "A trial passes with 0 failed calls, 0 faults and 0 retransmissions, at a rate that was "
        "offered as asked. Cycles are busy "
        "cycles of the worker. How each figure is measured: bench/README.md.\n",
    ]
    return "\n".join(section for section in sections if section)


def write(results, folder):
    drawn = plots.plot_all(results, folder)
    with open(os.path.join(folder, "report.md"), "w", encoding="utf-8") as f:
        f.write(format_report(results, drawn))


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: python3 report.py FOLDER    (which has a results.json)")
    with open(os.path.join(sys.argv[1], "results.json"), encoding="utf-8") as results_file:
        write(json.load(results_file), sys.argv[1])
