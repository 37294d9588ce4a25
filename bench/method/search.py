# SPDX-License-Identifier: BSD-3-Clause
"""Searches for the largest rate that a device handles without failure.

Pure: `send(rate, seconds)` runs a trial and returns a dict with `passed`, `clean`, `slight`,
`limited`, `offered` and `started` (verdict.py).  Knows no process, no clock, no report.
"""
import math

PRECISION = 1.05      # quick search: known good and known bad rate are this close at the end
CONFIRM_STEP = 0.95   # a failed confirmation lowers the rate to this share
RFC_SUCCESSES = 10    # RFC 7502 §4.10: successes without a new best that end the procedure


class OutOfTime(Exception):
    """Raised by `send` when there is no time for another trial."""


def rounded(rate, digits=3):
    """Three significant digits: the search is not finer."""
    if rate <= 0:
        return 0
    scale = 10 ** (math.floor(math.log10(rate)) - digits + 1)
    return max(1, int(round(rate / scale) * scale) if scale >= 1 else int(rate))


def floored(rate, digits=3):
    """Likewise, and never above what was offered."""
    near = rounded(rate, digits)
    if near <= rate or near <= 1:
        return near
    return near - 10 ** max(0, math.floor(math.log10(rate)) - digits + 1)


def is_bounded(trial):
    """All was well with what was offered, which was not what was asked."""
    return trial["clean"] and trial["limited"]


def bound(rate, trial):
    """What a bounded trial shows: the device handles at least so much."""
    return min(rate, trial["offered"])


def settled(send, rate, seconds):
    """A trial, and once more when the rate was not offered as asked: it may have been an accident.
    Of two such trials the one that offered more."""
    trial = send(rate, seconds)
    if not is_bounded(trial):
        return trial
    again = send(rate, seconds)
    return trial if is_bounded(again) and again["offered"] < trial["offered"] else again


def rfc7502(send, sessions, start=100, increase=0.10, told=lambda text: None):
    """RFC 7502 §4.10, max_sps(r, m, N), as its pseudocode and its Appendix A have it.

    sessions(rate): N, how many sessions are to be attempted at that rate.
    Not in the RFC: a trial in which the generator did not offer the rate says nothing about the
    device at that rate; it is repeated once, and then the procedure ends with what was reached
    (`limited`).
    Returns {"rate", "limited", "trials"}; rate 0 when nothing passed.
    """
    r, w = start, increase
    d = max(0.10, w / 2)
    old_r = count = trials = 0

    def counted(rate, seconds):
        nonlocal trials
        trials += 1
        return send(rate, seconds)

    while True:
        if r < 1:
            return {"rate": 0, "limited": False, "trials": trials}
        trial = settled(counted, r, sessions(r) / r)
        if is_bounded(trial):
            told("the generator offered %.0f of %d a second, or late: the procedure ends here"
                 % (trial["offered"], r))
            return {"rate": max(old_r, math.floor(bound(r, trial) + 1e-9)), "limited": True,
                    "trials": trials}
        if trial["passed"]:
            if r > old_r:
                old_r = r
            else:
                count += 1
                if count >= RFC_SUCCESSES:
                    return {"rate": max(r, old_r), "limited": False, "trials": trials}
            # floor(r + w*r); in floating point 100 + 0.1 * 100 must not become 109.
            r = math.floor(r + w * r + 1e-9)
        else:
            r = math.floor(r - d * r + 1e-9)
            d = max(0.10, d / 2)
            w = max(0.10, w / 2)


def tried(send, rate, seconds):
    """A trial, and once more when it failed by very little: a virtual machine that is stopped for
    some milliseconds loses packets at any rate."""
    trial = settled(send, rate, seconds)
    if not trial["passed"] and trial["slight"]:
        trial = settled(send, rate, seconds)
    return trial


def quick(send, start, seconds, precision=PRECISION, rate_max=1e8):
    """Doubles from `start` until a trial fails, then halves the ratio between the best and the
    worst rate until they are `precision` apart.

    Returns {"rate", "offered", "limited", "complete"}: rate 0 when even 1 a second failed; limited:
    the search met the generator's limit, and the rate, which never is above what was offered, is a
    lower bound; not complete: out of time, the rate is the best so far.
    """
    best, bad, offered, limited = 0, None, 0.0, False
    rate = rounded(start)
    try:
        while True:
            trial = tried(send, rate, seconds)
            least = floored(bound(rate, trial))
            if is_bounded(trial) and (least <= best or not trial["disturbed"]):
                limited = True
                if least > best:
                    best, offered = least, trial["offered"]
                break
            if trial["passed"] or is_bounded(trial):
                # Disturbed, it was offered after all, and late: a bound; the next one may be none.
                limited = not trial["passed"]
                best = least if limited else rate
                offered = trial["offered"]
                if rate >= rate_max:
                    break
            else:
                bad = rate
            if bad is None:
                rate = rounded(min(rate * 2, rate_max))
            elif best == 0:
                if bad <= 1:
                    break
                rate = max(1, rounded(bad / 4))
            elif bad <= best * precision:
                break
            else:
                rate = rounded(math.sqrt(best * bad))
                if rate <= best or rate >= bad:
                    break
    except OutOfTime:
        return {"rate": best, "offered": offered, "limited": limited, "complete": False}
    return {"rate": best, "offered": offered, "limited": limited, "complete": True}


def confirm(send, rate, seconds, tries=20):
    """Runs the rate for `seconds`; each failure lowers it by 5 %.

    Returns {"rate", "confirmed", "tries", "sessions", "offered", "limited"}; rate is that of the
    last trial that was run, or the next one when there was no time.  limited: what was offered is
    confirmed, less than was asked.
    """
    done = 0

    def counted(asked, length):
        nonlocal done
        trial = send(asked, length)
        done += 1
        return trial

    try:
        while rate >= 1 and done < tries:
            trial = settled(counted, rate, seconds)
            bounded = is_bounded(trial)
            if trial["passed"] or bounded:
                return {"rate": floored(bound(rate, trial)) if bounded else rate,
                        "confirmed": True, "tries": done, "sessions": trial["started"],
                        "offered": trial["offered"], "limited": bounded}
            rate = rounded(rate * CONFIRM_STEP) if rounded(rate * CONFIRM_STEP) < rate else rate - 1
    except OutOfTime:
        pass
    return {"rate": rate, "confirmed": False, "tries": done, "sessions": 0, "offered": 0.0,
            "limited": False}
