# SPDX-License-Identifier: BSD-3-Clause
"""The plots of a report, PNG and SVG, by gnuplot out of the results.

plot_all(results, folder) writes plots/NAME.{dat,gp,png,svg} and returns [(NAME, caption)] of those
for which the results have data.  The .dat and .gp files stay: anyone may draw them anew.
"""
import os
import subprocess

TERMINALS = (("png", "pngcairo size 1000,540 font 'sans,11'"),
             ("svg", "svg size 1000,540 font 'sans,13' background rgb 'white'"))
COMMON = """\
set grid xtics ytics lt 1 lc rgb '#e0e0e0'
set key outside right top vertical
set border 3
set tics nomirror
"""


def number(value):
    return "NaN" if value is None else "%.10g" % value


def table(columns, rows):
    lines = ["# " + " ".join(columns)]
    lines += [" ".join(number(value) for value in row) for row in rows]
    return "\n".join(lines) + "\n"


def title(results, text):
    machine = results["machine"]
    return "%s\\n{/*0.8 %s, commit %s}" % (
        text, escaped(machine["cpu"]), escaped(machine["commit"]))


def escaped(text):
    """Text of the machine's, for a double-quoted string of gnuplot's enhanced mode."""
    return "".join(c for c in text if c.isalnum() or c in " .,-+()/:")


def search_plot(results, name, unit):
    part = results["parts"].get(name)
    if not part or not part["trials"]:
        return None
    rows = [(i + 1, row["rate"], 1 if row["passed"] else 0, row["offered"])
            for i, row in enumerate(part["trials"])]
    script = """\
set logscale y
set format y "%%.0f"
set xlabel "trial"
set ylabel "%s asked for"
set xrange [0:%d]
set title "%s"
plot DATA using 1:2 with lines lc rgb '#999999' notitle, \\
     DATA using 1:($3 == 1 ? $2 : NaN) with points pt 7 ps 1.2 lc rgb '#1b7837' title "no failure", \\
     DATA using 1:($3 == 0 ? $2 : NaN) with points pt 2 ps 1.5 lw 2 lc rgb '#b2182b' title "failures", \\
     DATA using 1:($4 < 0.99 * $2 ? $4 : NaN) with points pt 6 ps 1.2 lc rgb '#2166ac' title "offered, where less"
""" % (unit, len(rows) + 1, title(results, "Search for the largest rate without failure"))
    return table(("trial", "asked", "passed", "offered"), rows), script


def capacity_plot(results):
    part = results["parts"].get("capacity")
    if not part or not part["rows"]:
        return None
    rows = [(row["live"], row["cycles_a_message"], row["engine_cycles_a_message"],
             row["octets_a_call"]) for row in part["rows"]]
    # The cost axis begins at 0, so that a flat line is seen as flat.
    script = """\
set logscale x
set border 11
set xlabel "calls that are up"
set ylabel "TSC cycles a message"
set y2label "octets a call"
set y2tics
set yrange [0:*]
set y2range [0:*]
set title "%s"
plot DATA using 1:2 with linespoints pt 7 lw 2 lc rgb '#2166ac' title "worker, all", \\
     DATA using 1:3 with linespoints pt 5 lw 2 lc rgb '#67a9cf' title "engine alone", \\
     DATA using 1:4 axes x1y2 with linespoints pt 6 dt 2 lc rgb '#b2182b' title "octets a call (right)"
""" % title(results, "Cost of a message against calls that are up, %d calls/s" % part["rate"])
    return table(("live", "cycles", "engine_cycles", "octets_a_call"), rows), script


PLOTTED = ("invite", "response", "late")


def delay_plot(results):
    part = results["parts"].get("delay")
    loads = [load for load in part["loads"] if load["median"]] if part else []
    if not loads:
        return None
    rows = []
    for load in loads:
        row = [load["share"] * 100]
        for delay in PLOTTED:
            quantiles = load["median"].get(delay, {})
            row += [quantiles.get(q) for q in ("p50", "p99", "p999")]
        rows.append(row)
    curves = []
    for column, (name, colour) in enumerate((("INVITE", "#2166ac"), ("200", "#1b7837"),
                                             ("sent late", "#999999"))):
        for offset, (quantile, dash) in enumerate((("p50", 1), ("p99", 2), ("p99.9", 3))):
            curves.append("DATA using 1:%d with linespoints dt %d pt %d lw 2 lc rgb '%s' "
                          "title \"%s %s\"" % (2 + 3 * column + offset, dash, 5 + offset, colour,
                                               name, quantile))
    script = """\
set logscale y
set xlabel "load, %% of the peak (%d calls/s)"
set ylabel "microseconds"
set xrange [0:100]
set title "%s"
plot %s
""" % (part["peak"], title(results, "One-way delay through the proxy, median of the runs"),
       ", \\\n     ".join(curves))
    columns = ["load"] + [d + "_" + q for d in PLOTTED
                          for q in ("p50", "p99", "p999")]
    return table(columns, rows), script


def overload_plot(results):
    part = results["parts"].get("overload")
    if not part or not part["rows"]:
        return None
    rows = sorted((row["offered"], row["goodput"]) for row in part["rows"])
    script = """\
set xlabel "calls offered a second"
set ylabel "calls completed a second"
set xrange [0:*]
set yrange [0:*]
set title "%s"
plot DATA using 1:2 with linespoints pt 7 lw 2 lc rgb '#2166ac' title "goodput", \\
     (x < %d ? x : %d) with lines dt 2 lw 2 lc rgb '#999999' title "ideal"
""" % (title(results, "Goodput against what was offered"), part["peak"], part["peak"])
    return table(("offered", "goodput"), rows), script


def plots_of(results):
    return [
        ("search-sessions", "The search for the session establishment rate",
         search_plot(results, "sessions", "calls a second")),
        ("search-rfc7502", "RFC 7502 §4.10, trial by trial",
         search_plot(results, "rfc7502", "sessions a second")),
        ("search-registrations", "The search for the registration rate",
         search_plot(results, "registrations", "registrations a second")),
        ("capacity", "Cost of a message against calls that are up", capacity_plot(results)),
        ("delay", "Delay against load", delay_plot(results)),
        ("overload", "Goodput against what was offered", overload_plot(results)),
    ]


def draw(folder, name, data, script):
    path = os.path.join(folder, name)
    with open(path + ".dat", "w", encoding="utf-8") as f:
        f.write(data)
    with open(path + ".gp", "w", encoding="utf-8") as f:
        f.write("# gnuplot %s.gp, in this folder\nDATA = '%s.dat'\n%s" % (name, name, COMMON))
        for i, (ending, terminal) in enumerate(TERMINALS):
            f.write("set terminal %s\nset output '%s.%s'\n" % (terminal, name, ending))
            f.write(script if i == 0 else "replot\n")
    done = subprocess.run(["gnuplot", name + ".gp"], cwd=folder, capture_output=True, text=True,
                          timeout=60)
    if done.returncode:
        raise RuntimeError("gnuplot %s.gp: %s" % (name, done.stderr.strip()))


def plot_all(results, folder):
    folder = os.path.join(folder, "plots")
    os.makedirs(folder, exist_ok=True)
    drawn = []
    for name, caption, plot in plots_of(results):
        if plot:
            draw(folder, name, *plot)
            drawn.append((name, caption))
    return drawn
