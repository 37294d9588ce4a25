#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Judges what /metrics gave.

	metrics_check.py text FILE               Prometheus' own reader takes it
	metrics_check.py openmetrics FILE        the strict reader of OpenMetrics takes it
	metrics_check.py same TEXT OPENMETRICS   both have the same families
	metrics_check.py names FILE USER...      every metric that dashboards (.json) and rules (.yml)
	                                         name is in it
	metrics_check.py value FILE SAMPLE [LABEL=VALUE...]
	                                         prints the sum of the samples that match

Exit status 0: it holds; else what does not is printed.
"""
import json
import re
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

# Words of PromQL that look like metrics are none of ours; metrics have these beginnings.
METRIC = re.compile(r"\b(?:tandem|process|up)(?:_[a-z0-9_]+)?\b")
OF_PROMETHEUS = {"up"}


def load(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def samples(path):
    return [s for family in read_text(load(path)) for s in family.samples]


def strings_of(node, key=None):
    """What of a dashboard is PromQL."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from strings_of(value, name)
    elif isinstance(node, list):
        for value in node:
            yield from strings_of(value, key)
    elif isinstance(node, str) and key in ("expr", "query"):
        yield node


def named_by(path):
    if path.endswith(".json"):
        texts = strings_of(json.loads(load(path)))
    else:
        # An expression is one line, or the indented ones behind "expr: >".
        texts = re.findall(r"expr:(?: >)?((?:.*\n)(?: {10}.*\n)*)", load(path))
    found = set()
    for text in texts:
        found.update(METRIC.findall(re.sub(r'"[^"]*"', '""', text)))
    return found - OF_PROMETHEUS


def family_name(name):
    for suffix in ("_total", "_info"):
        if name.endswith(suffix):
            return name[:-len(suffix)]
    return name


def check_same(text, openmetrics):
    ours = {family_name(f.name) for f in read_text(load(text))}
    theirs = {family_name(f.name) for f in read_openmetrics(load(openmetrics))}
    return ["only one format has " + name for name in sorted(ours ^ theirs)]


def announced(path):
    """Families, also those that have no sample here (no name is looked up in DNS)."""
    for name, kind in re.findall(r"(?m)^# TYPE (\S+) (\S+)$", load(path)):
        yield from [name] if kind not in ("histogram", "summary") else [
            name + suffix for suffix in ("_bucket", "_sum", "_count")]


def check_names(path, users):
    present = {s.name for s in samples(path)} | set(announced(path))
    wrong = []
    for user in users:
        named = named_by(user)
        if len(named) < 10:
            wrong.append("%s names %d metrics only: is it read rightly?" % (user, len(named)))
        wrong += ["%s: there is no %s" % (user, name) for name in sorted(named - present)]
    return wrong


def value(path, name, wanted):
    labels = dict(w.split("=", 1) for w in wanted)
    found = [s.value for s in samples(path) if s.name == name and
             all(s.labels.get(k) == v for k, v in labels.items())]
    if not found:
        raise SystemExit("no sample %s %s" % (name, labels))
    print("%.15g" % sum(found))


def main():
    what, *arguments = sys.argv[1:]
    wrong = []
    if what == "text":
        wrong = [] if samples(arguments[0]) else ["empty"]
    elif what == "openmetrics":
        wrong = [] if list(read_openmetrics(load(arguments[0]))) else ["empty"]
    elif what == "same":
        wrong = check_same(*arguments)
    elif what == "names":
        wrong = check_names(arguments[0], arguments[1:])
    elif what == "value":
        value(arguments[0], arguments[1], arguments[2:])
    for line in wrong:
        print(line)
    sys.exit(1 if wrong else 0)


main()
