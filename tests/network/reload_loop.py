#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Changes a running tandemd's configuration again and again: at every turn other targets, another
service on the same address, other timers, and another key that signs Record-Route.

The part of the file that cannot change while tandemd runs is read from --base; services, pools and
timers are written behind it.  Ends with one line of JSON; exit status 0 when no reload was refused.
"""
import argparse
import json
import secrets
import subprocess
import sys
import time

KEYS_MAX = 8  # of a key file: the first signs, all verify


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tandemctl", default="tandemctl", help="the program")
    parser.add_argument("--socket", required=True, help="control socket, ipc://PATH")
    parser.add_argument("--base", required=True, help="file with all that does not change")
    parser.add_argument("--config", required=True, help="file that tandemd reads; is overwritten")
    parser.add_argument("--keys", required=True, help="key file that tandemd reads; is overwritten")
    parser.add_argument("--listen", required=True, help="ADDRESS:PORT of the service")
    parser.add_argument("--target", action="append", required=True, metavar="ADDRESS:PORT",
                        help="a server; at every turn one of them is left out")
    parser.add_argument("--count", type=int, default=200, help="reloads (default 200)")
    parser.add_argument("--interval", type=float, default=0.3,
                        help="seconds from one to the next (default 0.3); calls have to be shorter "
                        "than 7 of them, since 8 keys verify")
    options = parser.parse_args()
    if len(options.target) < 2:
        parser.error("at least two --target, so that one can be left out")
    return options


def configuration(options, base, turn):
    """Three names for the service and one target less, in turn; weights and timers differ."""
    lines = [base.rstrip("\n")]
    lines.append("timers: {t1: %dms, t2: 4s}" % (2000 + 10 * (turn % 7)))
    lines.append("services:")
    lines.append('  - {name: inbound%d, listen: ["udp:%s"], pool: switches%s}' % (
        turn % 3, options.listen, ", timers: {t1: 2100ms}" if turn % 2 else ""))
    lines.append("pools:")
    lines.append("  - name: switches")
    lines.append("    policy: %s" % ("call-id-hash", "round-robin", "weighted-random")[turn % 3])
    lines.append("    targets:")
    for number, target in enumerate(options.target):
        if number == turn % len(options.target):
            continue
        lines.append('      - {name: target%d, uri: "sip:%s", weight: %d}' % (
            number + 1, target, 1 + (turn + number) % 4))
    return "\n".join(lines) + "\n"


def read_keys(path):
    master, routes = None, []
    for line in open(path):
        words = line.split()
        if words[:1] == ["master"]:
            master = line.rstrip("\n")
        elif words[:1] == ["route"]:
            routes.append((int(words[1]), words[2]))
    return master, routes


def write(path, text):
    """In place, as an editor or a deployment tool may do it."""
    with open(path, "w") as out:
        out.write(text)


def reload(options):
    done = subprocess.run([options.tandemctl, "--socket", options.socket, "--json", "reload"],
                          capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return json.loads(done.stdout), None
    return None, done.stderr.strip()


def main():
    options = arguments()
    base = open(options.base).read()
    master, routes = read_keys(options.keys)
    refused, differences, kinds, started = [], 0, {}, time.monotonic()
    used = {key for key, _ in routes}
    for turn in range(1, options.count + 1):
        fresh = next(i for i in range(turn, turn + 512) if i % 256 not in used) % 256
        routes = [(fresh, secrets.token_hex(32))] + routes[:KEYS_MAX - 1]
        used = {key for key, _ in routes}
        write(options.keys, master + "\n" + "".join("route %d %s\n" % r for r in routes))
        write(options.config, configuration(options, base, turn))
        answer, why = reload(options)
        if why:
            refused.append(why)
        else:
            differences += len(answer["differences"])
            for row in answer["differences"]:
                kind = row["what"].split("[")[0].split(".")[0]
                if ".targets[" in row["what"]:
                    kind = "targets"
                kinds[kind] = kinds.get(kind, 0) + 1
        left = started + turn * options.interval - time.monotonic()
        if left > 0:
            time.sleep(left)
    print(json.dumps({"reloads": options.count, "refused": len(refused), "why": refused[:3],
                      "differences": differences, "of": kinds,
                      "seconds": round(time.monotonic() - started, 1)}))
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
