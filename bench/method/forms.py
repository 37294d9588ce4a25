# SPDX-License-Identifier: BSD-3-Clause
"""The reporting forms of RFC 7502, §5.1 to §5.3, filled in from the results."""

RE_REGISTRATION = (
    "not measured: a balancer keeps no registrations, so that a refresh of an address of record "
    "takes the same path and the same work as its first REGISTER; the registrar behind it "
    "would be measured")


def figure(value):
    return "{:,.0f}".format(value)


def bound(part):
    return " (at least: the generator was the limit)" if part["limited"] else ""


def attempted(part):
    """Sessions of the trial, and of all trials."""
    everything = sum(row["started"] for row in part["trials"])
    if "sessions_at_rate" in part:
        return "N = %s at the rate; %s in all trials" % (figure(part["sessions_at_rate"]),
                                                        figure(everything))
    sure = part["confirmed"]
    if sure and sure["confirmed"]:
        return "N = %s at the rate (%d s); %s in all trials" % (
            figure(sure["sessions"]), sure["seconds"], figure(everything))
    return "%s in all trials, of %g s each; the rate was not run longer" % (
        figure(everything), part["trial_seconds"])


def form(results, name, part, start_rate):
    is_registration = name == "registrations"
    setup = [
        ("SIP Transport Protocol", "UDP, on both sides of the DUT"),
        ("DUT receives requests on one connection", "not connection oriented"),
        ("DUT sends requests on one connection", "not connection oriented"),
        ("Session Attempt Rate", "%s a second at the start" % figure(start_rate)),
        ("Session Duration", "0 s (BYE follows the ACK at once)" if not is_registration
         else "none: a registration"),
        ("Total Sessions Attempted", attempted(part)),
        ("Media Streams per Session", "0"),
        ("Associated Media Protocol", "none (SDP is exchanged, no media is sent)"
         if not is_registration else "none"),
        ("Codec", "none"), ("Media Packet Size", "none"),
        ("Establishment Threshold time", "%d s (Timers B and F)" % results["threshold_seconds"]),
        ("TLS ciphersuite used", "none"), ("IPsec profile used", "none")]
    if is_registration:
        benchmark = [("Registration Rate", figure(part["rate"]) + bound(part)),
                     ("Re-registration Rate", RE_REGISTRATION),
                     ("Notes", "the generator is the registrar: it answers 200 at once; "
                      "REGISTER is not challenged; no back end, no database")]
    else:
        benchmark = [("Session Establishment Rate, \"R\"", figure(part["rate"]) + bound(part)),
                     ("Is DUT acting as a media relay?", "no"),
                     ("Notes", "INVITE is not challenged; tandemd is a transaction stateful "
                      "proxy in the path of the dialog (Record-Route)")]
    width = max(len(key) for key, _ in setup + benchmark)
    return "".join("    %-*s = %s\n" % (width, key, value) for key, value in setup) + "    \n" + \
        "".join("    %-*s = %s\n" % (width, key, value) for key, value in benchmark)


def section(results):
    said = ""
    for name, heading in (("rfc7502", "session setup (§5.1, §5.2), procedure of §4.10"),
                          ("sessions", "session setup (§5.1, §5.2), quick search instead of §4.10"),
                          ("registrations",
                           "registrations (§5.1, §5.3), quick search instead of §4.10")):
        part = results["parts"].get(name)
        if part and part["trials"]:
            said += "### RFC 7502: %s\n\n%s\n" % (
                heading, form(results, name, part, part["trials"][0]["rate"]))
    return "## RFC 7502, reporting format\n\n" + said if said else ""
