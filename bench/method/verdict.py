# SPDX-License-Identifier: BSD-3-Clause
"""What a trial of tandem-bench says: passed or not and why, and whether the generator was the limit.

Pure: one JSON object of a trial goes in.  Knows no process and no search.
"""

# Below this share of what was asked the generator did not offer the rate: no statement about the
# device at that rate.
OFFERED_SHARE_MIN = 0.99
# A failure of so few calls is no overload: the search repeats such a trial once (not RFC 7502's).
SLIGHT_SHARE = 0.01
# From this share of its time on a polling thread has none left.
BUSY_SHARE_MIN = 0.95


def total(counts):
    return sum(counts.values())


def retransmissions(trial):
    """Sent by the generator's ends or by the proxy: any of them means that a message was lost or
    was answered later than T1."""
    return total(trial["retransmissions"])


def limit_of(trial, device=None):
    """Why the rate was not offered, or late: None (it was), "device" (its worker had no time left
    and took no more), "generator" (it had none), "disturbance" (neither; somebody else had the
    core)."""
    short = trial["offered"] < OFFERED_SHARE_MIN * trial["rate"]
    if not short and not trial["generator"]["limited"]:
        return None
    if device and (device.get("busy_share") or 0.0) >= BUSY_SHARE_MIN:
        return "device"
    if short or trial["generator"]["busy_share"] >= BUSY_SHARE_MIN:
        return "generator"
    return "disturbance"


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


def judge(trial, device=None):
    """device: what the trial cost it (rig.py), where there is one."""
    why, limit = reasons(trial), limit_of(trial, device)
    slight = bool(why) and is_slight(trial)
    if limit == "device":
        why.append("the worker had no time left at %.0f/s" % trial["offered"])
        slight = False
    return {"passed": not why, "reasons": why, "limited": limit == "generator",
            "disturbed": limit == "disturbance", "slight": slight}
