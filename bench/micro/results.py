# SPDX-License-Identifier: BSD-3-Clause
"""Results of Google Benchmark as JSON, for bench/micro/table and bench/micro/compare: repetitions of
a benchmark gathered, medians, spreads, and which names belong beside each other.  Measures nothing."""

import json
import os
import statistics

UNITS = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}
# What Google Benchmark appends to a name for how it was run.
SUFFIXES = ("manual_time", "real_time", "process_time")


class ResultsError(Exception):
    """What is wrong with a file, as a sentence."""


class Series:
    """The repetitions of one benchmark: nanoseconds an operation, sorted."""

    def __init__(self, name, nanoseconds, counters):
        self.name = name
        self.nanoseconds = sorted(nanoseconds)
        self.counters = counters

    @property
    def median(self):
        return statistics.median(self.nanoseconds)

    @property
    def lowest(self):
        return self.nanoseconds[0]

    @property
    def highest(self):
        return self.nanoseconds[-1]

    @property
    def spread(self):
        """Lowest to highest, as a part of the median; None for a single repetition."""
        if len(self.nanoseconds) < 2 or not self.median:
            return None
        return (self.highest - self.lowest) / self.median


class Results:
    """One file, or several of one run: their context and their series by name, in order."""

    def __init__(self, context):
        self.context = context
        self.series = {}

    def add(self, series):
        known = self.series.get(series.name)
        if known:
            series = Series(series.name, known.nanoseconds + series.nanoseconds, series.counters)
        self.series[series.name] = series


def name_short(name):
    """The name without how it was run: iterations, repetitions, the kind of time."""
    parts = [part for part in name.split("/")
             if part not in SUFFIXES and not part.startswith(("iterations:", "repeats:", "min_time:"))]
    return "/".join(parts)


def nanoseconds_of(entry):
    """By the benchmark's own clock where it has one, else by the processor time: that does not count
    what else ran meanwhile."""
    manual = "manual_time" in entry["name"].split("/") or "real_time" in entry["name"].split("/")
    return entry["real_time" if manual else "cpu_time"] * UNITS[entry.get("time_unit", "ns")]


RESERVED = {"name", "family_index", "per_family_instance_index", "run_name", "run_type", "repetitions",
            "repetition_index", "threads", "iterations", "real_time", "cpu_time", "time_unit", "label",
            "error_occurred", "error_message", "items_per_second", "bytes_per_second"}


def load_file(path):
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    except OSError as error:
        raise ResultsError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise ResultsError(f"{path}: no JSON: {error}") from error
    if not isinstance(document, dict) or "context" not in document or "benchmarks" not in document:
        raise ResultsError(f"{path}: no result of Google Benchmark (no context, no benchmarks)")
    results = Results(document["context"])
    times, counters = {}, {}
    for entry in document["benchmarks"]:
        if entry.get("run_type") == "aggregate" or entry.get("error_occurred"):
            continue
        name = name_short(entry.get("run_name", entry["name"]))
        times.setdefault(name, []).append(nanoseconds_of(entry))
        for key, value in entry.items():
            if key not in RESERVED and isinstance(value, (int, float)):
                counters.setdefault(name, {}).setdefault(key, []).append(value)
    for name, values in times.items():
        medians = {key: statistics.median(of) for key, of in counters.get(name, {}).items()}
        results.add(Series(name, values, medians))
    if not results.series:
        raise ResultsError(f"{path}: no benchmark in it ended")
    return results


def files_of(path):
    """A file, or all results of a folder."""
    if not os.path.isdir(path):
        return [path]
    names = sorted(name for name in os.listdir(path) if name.endswith(".json"))
    if not names:
        raise ResultsError(f"{path}: no results (*.json) in this folder")
    return [os.path.join(path, name) for name in names]


def load(path):
    """A file or a folder of them, as one; every name carries its program's name then."""
    files = files_of(path)
    merged = None
    for file in files:
        results = load_file(file)
        if merged is None:
            merged = Results(results.context)
        program = os.path.splitext(os.path.basename(file))[0]
        wrong = machine_differences(merged.context, results.context)
        if wrong:
            raise ResultsError(f"{path}: results of different runs in one folder: {wrong[0]}")
        for series in results.series.values():
            if os.path.isdir(path):
                series.name = f"{program}: {series.name}"
            merged.add(series)
    return merged


# What must be the same for two figures to be comparable, and how it is called.
MACHINE = (("host_name", "machine"), ("cpu_model", "processor"), ("num_cpus", "number of cores"),
           ("hugepages", "pages"), ("build_type", "build type"), ("compiler", "compiler"))


def machine_differences(before, after):
    """Sentences; none when the two contexts are those of one machine and one kind of build."""
    wrong = []
    for key, words in MACHINE:
        if before.get(key) != after.get(key):
            wrong.append(f"{words}: {before.get(key, 'unknown')} and {after.get(key, 'unknown')}")
    return wrong


def is_own(segment):
    return segment == "tandem" or segment.startswith("tandem-")


def subject_split(name):
    """(the operation without who does it, who), or (name, None) for a name without a subject: that
    is the second segment, after the operation, or the last."""
    parts = name.split("/")
    for at, part in enumerate(parts):
        if is_own(part):
            return "/".join(parts[:at] + parts[at + 1:]), part
    return name, None


def families(series):
    """{operation: {who: series}}: what stands beside each other, Tandem's with its peers'."""
    found = {}
    for name, one in series.items():
        operation, who = subject_split(name)
        if who:
            found.setdefault(operation, {})[who] = one
    for name, one in series.items():
        parts = name.split("/")
        if subject_split(name)[1]:
            continue
        for at, part in enumerate(parts):
            operation = "/".join(parts[:at] + parts[at + 1:])
            if operation in found:
                found[operation][part] = one
                break
        else:
            found.setdefault(name, {})[""] = one
    return found


def nanoseconds_text(value):
    if value < 100:
        return f"{value:.1f} ns"
    if value < 100000:
        return f"{value:,.0f} ns"
    return f"{value / 1000:,.0f} us"


def context_text(context):
    """The machine in two lines."""
    def get(key, default="unknown"):
        return context.get(key, default)
    return (f"{get('cpu_model')}, {get('num_cpus')} cores, {get('pinned')}; TSC {get('tsc_ghz')} GHz, "
            f"effective {get('effective_ghz')} GHz, governor {get('governor')}\n"
            f"{get('compiler')}, build type {get('build_type')}; huge pages: {get('hugepages')}; "
            f"commit {get('commit')}; {get('date')}")


def table_text(rows, heads, left=1):
    """Columns as wide as their widest cell; the first ones to the left, the others to the right."""
    widths = [max(len(row[i]) for row in [heads] + rows) for i in range(len(heads))]
    lines = []
    for row in [heads] + rows:
        cells = [cell.ljust(width) if at < left else cell.rjust(width)
                 for at, (cell, width) in enumerate(zip(row, widths))]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths).rstrip())
    return "\n".join(lines)
