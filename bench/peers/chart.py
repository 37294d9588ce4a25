# SPDX-License-Identifier: BSD-3-Clause
"""The bar chart of bench/compare, by gnuplot, as PNG and SVG: processor time a call on a logarithmic
scale, one colour a rate, the lowest and highest run as a line over each bar."""
import os
import subprocess

COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#9467bd", "#8c564b", "#e377c2")


def bars(summary, titles):
    """Label, rate, figure; from the costliest kind to the cheapest."""
    found = []
    for row in summary["figures"]:
        title = titles[row["name"]].replace(", ", "\\n")
        if row["name"].startswith("memif"):
            found.append((title + "\\nbusy", row["rate"], row["busy"]))
        elif row["name"] != "sipp":
            found.append((title, row["rate"], row["total"]))
            if row["busy"]:
                found.append((title + "\\nbusy", row["rate"], row["busy"]))
    return found


def script(summary, titles):
    found = bars(summary, titles)
    labels = list(dict.fromkeys(label for label, _, _ in found))
    rates = sorted({rate for _, rate, _ in found})
    width = 0.8 / len(rates)
    lines = ["set encoding utf8",
             "set title 'Processor time a call, one core (%s)' noenhanced" %
             summary["machine"]["cpu"].replace("'", ""),
             "set ylabel 'microseconds a call, logarithmic'", "set logscale y",
             "set style fill solid 0.85", "set boxwidth %g" % (width * 0.92), "set grid ytics",
             "set key top right title 'calls/s'", "set bmargin 4", "set xrange [-0.6:%g]" % (len(labels) - 0.4),
             "set xtics scale 0 (%s)" % ", ".join(
                 '"%s" %d' % (label, i) for i, label in enumerate(labels))]
    lowest = min(f["min"] for _, _, f in found)
    highest = max(f["max"] for _, _, f in found)
    lines.append("set yrange [%g:%g]" % (10 ** power_below(lowest), highest * 4))
    plots = []
    for n, rate in enumerate(rates):
        lines.append("$rate%d << END" % n)
        for label, at, f in found:
            if at == rate:
                x = labels.index(label) + (n - (len(rates) - 1) / 2) * width
                lines.append("%g %g %g %g %s" % (x, f["median"], f["min"], f["max"],
                                                 figure_text(f["median"])))
        lines.append("END")
        colour = COLOURS[n % len(COLOURS)]
        plots += ["$rate%d using 1:2 with boxes lc rgb '%s' title '%g'" % (n, colour, rate),
                  "$rate%d using 1:2:3:4 with yerrorbars pt -1 lc rgb 'black' notitle" % n,
                  "$rate%d using 1:($4*1.25):5 with labels notitle" % n]
    lines.append("plot " + ", ".join(plots))
    return "\n".join(lines)


def figure_text(value):
    """Three digits that count."""
    return "%.*f" % (0 if value >= 100 else 1 if value >= 10 else 2, value)


def power_below(value):
    """The power of ten at or below."""
    power = 0
    while 10 ** power > value:
        power -= 1
    while 10 ** (power + 1) <= value:
        power += 1
    return power


def draw(out, summary, titles):
    if not bars(summary, titles):
        return
    body = script(summary, titles)
    for terminal, ending in (("pngcairo size 1200,700 font 'sans,11'", "png"),
                             ("svg size 1200,700 font 'sans,13' background rgb 'white'", "svg")):
        name = os.path.join(out, "compare." + ending)
        text = "set terminal %s\nset output '%s'\n%s\n" % (terminal, name.replace("'", "''"), body)
        subprocess.run(["gnuplot"], input=text, text=True, check=True)
