#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Waits for an event of tandemd, in what it writes to stderr.

    event_wait.py LOG SINCE_MS SECONDS PATTERN

Prints how many milliseconds after SINCE_MS (of the epoch) the first event that matches PATTERN was
told, and its text.  Ends with 1 when there was none within SECONDS from now.
"""
import datetime
import re
import sys
import time


def event_ms(line):
    stamp = line.split(" ", 1)[0]
    try:
        when = datetime.datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S.%fZ")
    except ValueError:
        return None
    return int(when.replace(tzinfo=datetime.timezone.utc).timestamp() * 1000 + 0.5)


def first(log, since, pattern):
    with open(log, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            at = event_ms(line)
            if at is not None and at >= since and re.search(pattern, line):
                return at - since, line.rstrip("\n").split(" ", 1)[1]
    return None


def main(arguments):
    if len(arguments) != 4 or arguments[0] in ("-h", "--help"):
        print(__doc__.strip())
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    log, since, seconds, pattern = arguments[0], int(arguments[1]), float(arguments[2]), arguments[3]
    until = time.monotonic() + seconds
    while True:
        found = first(log, since, pattern)
        if found:
            print("%d %s" % found)
            return 0
        if time.monotonic() > until:
            return 1
        time.sleep(0.02)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
