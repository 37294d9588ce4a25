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
# The same of tandemd's worker, whose time is taken over the drain as well.
WORKER_BUSY_MIN = 0.97


def total(counts):
    return sum(counts.values())


def retransmissions(trial):
    """Sent by the generator's ends or by the proxy: any of them means that a message was lost or
    was answered later than T1."""
    return total(trial["retransmissions"])


def out_of_calls(trial):
    """Calls that were due and never begun, since the generator had no room for them."""
    return trial["failures"].get("out_of_calls", 0)


def sent(trial):
    return trial["started"] - out_of_calls(trial)


def offered(trial):
    """Calls a second that were really sent."""
    return trial["offered"] * sent(trial) / trial["started"] if trial["started"] else 0.0


def is_short(trial):
    return offered(trial) < OFFERED_SHARE_MIN * trial["rate"]


def ring_was_full(trial, device):
    """The port took no more, so that tandemd's receive ring was full; or a NIC missed packets."""
    return trial["packets"]["tx_full"] > 0 or device.get("rx_missed", 0) > 0


def limit_of(trial, device=None):
    """Why the rate was not offered, or late: None (it was), "device" (its worker had no time left,
    or did not empty its ring), "generator" (it had no time, or no room for calls), "disturbance"
    (neither; somebody else had the core)."""
    if not is_short(trial) and not trial["generator"]["limited"] and not out_of_calls(trial):
        return None
    busy = trial["generator"]["busy_share"] >= BUSY_SHARE_MIN
    if device and (has_no_time(device) or
                   (ring_was_full(trial, device) and not busy)):
        return "device"
    if busy or is_short(trial) or out_of_calls(trial):
        return "generator"
    return "disturbance"


def wrongs(trial):
    """What went wrong with the calls that were sent, in words.  RFC 7502 wants zero failures; zero
    faults and zero retransmissions are ours, stricter."""
    said = []
    failed = trial["failed"] - out_of_calls(trial)
    if sent(trial) == 0:
        said.append("no call was started")
    if failed:
        kinds = ", ".join("%s %d" % (k, n) for k, n in sorted(trial["failures"].items())
                          if n and k != "out_of_calls")
        said.append("%d of %d failed%s" % (failed, sent(trial), " (%s)" % kinds if kinds else ""))
    elif trial["completed"] != sent(trial):
        said.append("%d of %d did not end" % (sent(trial) - trial["completed"], sent(trial)))
    faults = {k: n for k, n in trial["faults"].items() if n}
    if faults:
        said.append("faults: " + ", ".join("%s %d" % pair for pair in sorted(faults.items())))
    if retransmissions(trial):
        said.append("retransmissions: " + ", ".join(
            "%s %d" % pair for pair in sorted(trial["retransmissions"].items()) if pair[1]))
    return said


def is_slight(trial):
    wrong = (trial["failed"] - out_of_calls(trial) + total(trial["faults"]) +
             retransmissions(trial))
    return trial["started"] > 0 and wrong < SLIGHT_SHARE * trial["started"]


def has_no_time(device):
    return (device.get("busy_share") or 0.0) >= WORKER_BUSY_MIN


def sentence_of_limit(trial, limit, device):
    if limit == "device":
        return "%s at %.0f/s" % ("the worker had no time left" if has_no_time(device) else
                                 "tandemd's ring was full", offered(trial))
    if limit == "disturbance":
        return "disturbed: the generator was late without being busy"
    if out_of_calls(trial):
        return "the generator had no room for %d calls" % out_of_calls(trial)
    if is_short(trial):
        return "the generator offered %.0f/s" % offered(trial)
    return "the generator was busy all the time, and late"


def judge(trial, device=None):
    """device: what the trial cost it (rig.py), where there is one.

    passed: the rate was offered as asked, and nothing was wrong.  clean: nothing was wrong with
    what was sent, and the device was not the limit.  limited: the rate was not offered as asked,
    by no fault of the device: with clean, a lower bound and no pass.  slight: so little was wrong
    that it may have been an accident.
    """
    said, limit = wrongs(trial), limit_of(trial, device)
    clean = not said and limit != "device"
    slight = not clean and is_slight(trial) and not (limit == "device" and is_short(trial))
    if limit:
        said.append(sentence_of_limit(trial, limit, device))
    return {"passed": not said, "reasons": said, "clean": clean, "limit": limit,
            "limited": limit in ("generator", "disturbance"),
            "disturbed": limit == "disturbance", "slight": slight}
