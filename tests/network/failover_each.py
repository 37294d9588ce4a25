# SPDX-License-Identifier: BSD-3-Clause
"""What the wire carried of calls whose first target fails.  For failover_each.

    failover_each.py CAPTURE TANDEM_ADDRESS CALLS

A call's Call-ID ends in the reason for which its first target (198.51.100.1x) fails; the second is
198.51.100.2x.  Prints TAP lines without numbers.
"""
import sys
from collections import defaultdict

import sip_trace

# How long after the first attempt the second begins, at least: seconds.
WAITS = {"icmp": 0, "busy": 0, "silence": 3.2}
# Frames are stamped late on a machine that stalls.
STALL = 0.25


class Call:
    def __init__(self):
        self.to_caller = []
        # Requests to the targets: {"first": [...], "second": [...]}.
        self.tried = {"first": [], "second": []}


def read_calls(capture, tandem):
    calls = defaultdict(Call)
    for message in sip_trace.read(capture):
        call = calls[message.call_id]
        if message.source[0] == tandem and message.status:
            call.to_caller.append(message)
        elif not message.status and message.target[0].startswith("198.51.100."):
            which = "first" if int(message.target[0].rsplit(".", 1)[1]) < 20 else "second"
            call.tried[which].append(message)
    return calls


def branches(messages, method):
    return {m.branch for m in messages if m.method == method}


def faults(call, reason):
    """What a caller or a target should not have seen; one sentence each."""
    statuses = [m.status for m in call.to_caller]
    if set(statuses) - {100, 180, 200}:
        yield "the caller got %s" % statuses
    tags = {m.to_tag for m in call.to_caller if m.status > 100}
    if len(tags) != 1 or "" in tags:
        yield "the caller saw the To tags %s" % tags
    first, second = (branches(call.tried[which], "INVITE") for which in ("first", "second"))
    if len(first) != 1 or len(second) != 1 or first == second:
        yield "branches %s at the first target, %s at the second" % (first, second)
        return
    began = [min(m.time for m in call.tried[which] if m.method == "INVITE")
             for which in ("first", "second")]
    if began[1] - began[0] < WAITS[reason] - STALL:
        yield "the second target was tried after %.3f s" % (began[1] - began[0])
    # The ACK to a 503 belongs to its transaction (RFC 3261 §17.1.1.3); nothing else may come.
    others = {(m.method, m.branch) for m in call.tried["first"] if m.method != "INVITE"}
    if others != ({("ACK", *first)} if reason == "busy" else set()):
        yield "the first target also got %s" % others


def main():
    capture, tandem, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    by_reason = defaultdict(dict)
    for call_id, call in read_calls(capture, tandem).items():
        by_reason[call_id.rsplit("-", 1)[1]][call_id] = call
    for reason in WAITS:
        calls = by_reason[reason]
        found = ["%s: %s" % (i, fault) for i, call in calls.items() for fault in faults(call, reason)]
        print("%s %s: the caller sees one call, each target a branch of its own" % (
            "ok" if len(calls) == count and not found else "not ok", reason))
        for fault in found[:10]:
            print("#   " + fault)


main()
