# SPDX-License-Identifier: BSD-3-Clause
"""What a trial of tandem-bench says: passed or not and why, and whether the generator was the limit.

Pure: one JSON object of a trial goes in.  Knows no process and no search.
"""

# Below this share of what was asked the generator did not offer the rate: no statement about the
# device at that rate.
OFFERED_SHARE_MIN = 0.99
# A failure of so few calls is no overload: the search repeats such a trial once (not RFC 7502's).
SLIGHT_SHARE = 0.01


def total(counts):
    return sum(counts.values())


def retransmissions(trial):
    """Sent by the generator's ends or by the proxy: any of them means that a message was lost or
    was answered later than T1."""
    return total(trial["retransmissions"])


def is_limited(trial):
    return bool(trial["generator"]["limited"]) or trial["offered"] < OFFERED_SHARE_MIN * trial["rate"]


def reasons(trial):
    """Why the trial did not pass, in words; empty: it passed.  RFC 7502 wants zero failures; zero
    faults and zero retransmissions are ours, stricter."""
    said = []
    if trial["started"] == 0:
        said.append("no call was started")
    if trial["failed"]:
        kinds = ", ".join("%s %d" % (k, n) for k, n in sorted(trial["failures"].items()) if n)
        said.append("%d of %d failed%s" % (trial["failed"], trial["started"],
                                            " (%s)" % kinds if kinds else ""))
    elif trial["completed"] != trial["started"]:
        said.append("%d of %d did not end" % (trial["started"] - trial["completed"],
                                              trial["started"]))
    faults = {k: n for k, n in trial["faults"].items() if n}
    if faults:
        said.append("faults: " + ", ".join("%s %d" % pair for pair in sorted(faults.items())))
    if retransmissions(trial):
        said.append("retransmissions: " + ", ".join(
            "%s %d" % pair for pair in sorted(trial["retransmissions"].items()) if pair[1]))
    return said


def is_slight(trial):
    wrong = trial["failed"] + total(trial["faults"]) + retransmissions(trial)
    return trial["started"] > 0 and wrong < SLIGHT_SHARE * trial["started"]


def judge(trial):
    why = reasons(trial)
    return {"passed": not why, "reasons": why, "limited": is_limited(trial),
            "slight": bool(why) and is_slight(trial)}
