# SPDX-License-Identifier: BSD-3-Clause
"""What became of each call between two Kamailios with Tandem in between, out of what the wire
carried, and whose doing a failure was.  For kamailio_loss.

    explain_calls.py DIRECTORY TANDEM_ADDRESS,... FAILED_RFC FAILED_DEFAULT

Reads near.pcap (SIPp and the callers' Kamailio), tandem.pcapng, far.pcap (the targets' Kamailio
and SIPp).  near and far hold what has arrived; tandem holds what Tandem received and sent, so what
it sent may have been lost behind it.  FAILED_*: what SIPp counted, to be found again here.
Prints TAP lines without numbers, a table, and at last "# end".
"""
import re
import sys
from collections import Counter, defaultdict

import sip_trace

# The links of a call, in the direction of its requests.
CALLER, INTO_TANDEM, OUT_OF_TANDEM, CALLEE = range(4)
METHODS = ("INVITE", "BYE")
# A request that Tandem sends twice is repeated by Timer A or E: after T1, 0.5 s.  Half of it, since a
# frame is stamped late on a machine that stalls; that no timer is early, other tests show.
APART = 0.25
# Kamailio's default wt_timer is 5 s and fr_timer is 30 s; its wheel turns every 62.5 ms.
FORGETS_AFTER = 5.0 - 0.1
GIVES_UP_AFTER = 30.0 - 0.1
# RFC 3261 §13.3.1.4: at 0, 0.5, 1.5, 3.5, 7.5, and every 4 s until 31.5 s.
COPIES_OF_2XX = 11
WHO = {"near": "the callers' Kamailio", "far": "the targets' Kamailio"}
# What kamailio.cfg logs.
NEW_TRANSACTION = re.compile(r"new (\w+) (\S+) (\d+\.\d+) .*?branch=([^;,\s]+)")


class Transaction:
    """One branch on one link."""

    def __init__(self):
        self.requests = []
        self.responses = []

    def final(self):
        """Time and status of the first final response; (None, 0) if there was none."""
        return next(((t, s) for t, s in self.responses if s >= 200), (None, 0))

    def successes(self):
        return sum(200 <= s < 300 for _, s in self.responses)

    def begins(self):
        times = self.requests or [t for t, _ in self.responses]
        return times[0]


class Call:
    def __init__(self):
        # links[link][method][branch]
        self.links = [{m: defaultdict(Transaction) for m in METHODS} for _ in range(4)]

    def at(self, link, method):
        """The link's transactions of a method, in the order in which they began."""
        return sorted(self.links[link][method].values(), key=Transaction.begins)

    def outcome(self, method):
        """The status that the caller's SIPp saw first."""
        transactions = self.at(CALLER, method)
        return transactions[0].final()[1] if transactions else 0

    def is_good(self):
        return all(self.outcome(m) == 200 for m in METHODS)


def link_of(message, tandem, near_prefix):
    """Which link a message passed, and whether it is a request there."""
    ends = (message.source, message.target)
    if any(end[0] in tandem for end in ends):
        other = next(end for end in ends if end[0] not in tandem)
        return INTO_TANDEM if other[0].startswith(near_prefix) else OUT_OF_TANDEM
    return CALLER if ends[0][0].startswith(near_prefix) else CALLEE


def read_calls(directory, tandem):
    calls = defaultdict(Call)
    near_prefix = tandem[0].rsplit(".", 1)[0] + "."
    for name in ("near.pcap", "tandem.pcapng", "far.pcap"):
        for message in sip_trace.read("%s/%s" % (directory, name)):
            if message.method not in METHODS:
                continue
            link = link_of(message, tandem, near_prefix)
            transaction = calls[message.call_id].links[link][message.method][message.branch]
            if message.status:
                transaction.responses.append((message.time, message.status))
            else:
                transaction.requests.append(message.time)
    return calls


def read_logs(directory, kinds):
    """When each Kamailio made a transaction: {(call, method): {(who, branch above): [times]}}."""
    made = defaultdict(lambda: defaultdict(list))
    for kind in kinds:
        for who in WHO:
            with open("%s/%s_%s.log" % (directory, who, kind), errors="replace") as file:
                for line in file:
                    found = NEW_TRANSACTION.search(line)
                    if found:
                        made[found[2], found[1]][who, found[4]].append(float(found[3]))
    return made


def forgetters(made, call_id, method):
    """Who had forgotten a transaction when its request was repeated, and how long after."""
    return [(who, times[1] - times[0]) for (who, _), times in made[call_id, method].items()
            if len(times) > 1]


def explain(call, made, call_id):
    """The class of a call that failed, or None."""
    method = next(m for m in METHODS if call.outcome(m) != 200)
    status = call.outcome(method) or "no answer"
    if method == "INVITE" and status == "no answer" and \
            sum(t.successes() for t in call.at(CALLEE, method)) >= COPIES_OF_2XX // 2:
        return "loss: of the %d copies of the 200 to the INVITE none came through" % COPIES_OF_2XX
    into = call.at(INTO_TANDEM, method)
    given_up = call.at(CALLER, method)[0].final()[0] if status == 408 else None
    if given_up and into and given_up - into[0].begins() >= GIVES_UP_AFTER and \
            not any(t.final()[0] and t.final()[0] < given_up for t in into):
        return "the callers' Kamailio gave the %s up after 30 s (fr_timer), not 32" % method
    who = [WHO[name] for name, after in forgetters(made, call_id, method) if after >= FORGETS_AFTER]
    if who:
        return "%s had forgotten the %s and sent it on anew: %s" % (
            " and ".join(who), method, status)
    return None


def tandem_faults(call):
    """What Tandem did with this call that RFC 3261 does not have it do; one sentence each."""
    for method in METHODS:
        above, below = call.at(INTO_TANDEM, method), call.at(OUT_OF_TANDEM, method)
        if len(above) != len(below):
            yield "%d %s received, %d sent on" % (len(above), method, len(below))
            continue
        for received, sent in zip(above, below):
            gaps = [b - a for a, b in zip(sent.requests, sent.requests[1:])]
            if sent.requests and not received.requests:
                yield "%s sent without being received" % method
            if any(gap < APART for gap in gaps):
                yield "%s sent twice within %.3f s" % (method, min(gaps))
            if method == "INVITE" and received.successes() != sent.successes():
                yield "%d copies of a 2xx received, %d sent on" % (
                    sent.successes(), received.successes())
            answered, answer = sent.final()
            # RFC 4320 §4.2: a 408 to a non-INVITE goes no further.
            if answered and answer != 408 and received.final()[1] != answer:
                yield "%s: %d received, %d sent on" % (method, answer, received.final()[1])
            if not answered and received.final()[0]:
                yield "%s: %d out of nothing" % (method, received.final()[1])


def tap(holds, name):
    print("%s %s" % ("ok" if holds else "not ok", name))


def main():
    directory, tandem = sys.argv[1], sys.argv[2].split(",")
    counted = {"rfc": int(sys.argv[3]), "default": int(sys.argv[4])}
    calls, made = read_calls(directory, tandem), read_logs(directory, counted)
    classes, forgot, failed = Counter(), Counter(), Counter()
    unexplained, faults = [], []
    for call_id, call in calls.items():
        kind = call_id.split("@")[0].rsplit("-", 1)[1]
        at_fault = list(tandem_faults(call))
        faults += ["%s: %s" % (call_id, fault) for fault in at_fault]
        who = [(WHO[w], m) for m in METHODS for w, _ in forgetters(made, call_id, m)]
        forgot[kind] += bool(who)
        if call.is_good():
            for name, method in who:
                classes["succeeded: %s had forgotten the %s and sent it on anew" % (
                    name, method)] += 1
            continue
        failed[kind] += 1
        reason = explain(call, made, call_id)
        if reason and kind == "default" and not at_fault:
            classes["failed: " + reason] += 1
        else:
            unexplained.append(call_id)
    print("# %d calls" % len(calls))
    for reason, count in classes.most_common():
        print("#   %5d  %s" % (count, reason))
    tap(not unexplained,
        "each failure between default timers is explained, and there is none between the others")
    for call_id in unexplained[:20]:
        print("#   %s" % call_id)
    for kind in counted:
        tap(failed[kind] == counted[kind],
            "the failures on the wire are those that SIPp counted, %s timers" % kind)
    tap(forgot["rfc"] == 0, "with 32 s no transaction was forgotten while its request was repeated")
    tap(not faults,
        "Tandem sent each request on once for a reception, each answer, and each copy of a 2xx")
    for fault in faults[:20]:
        print("#   %s" % fault)
    print("# %d of the calls with default timers were forgotten in part" % forgot["default"])
    print("# end")


main()
