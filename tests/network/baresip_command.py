#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Gives a baresip a command over its ctrl_tcp module, and prints the events until one of a type.

baresip_command.py PORT COMMAND [PARAMETERS] [--until TYPE] [--seconds S]

Prints "connected", then one event type a line.  Without --until returns on the command's answer.  COMMAND "-" sends
nothing.  Exit 1: the answer was no, or the event did not come in time.
"""
import argparse
import json
import socket
import sys
import time


def netstring(text):
    octets = text.encode()
    return b"%d:%s," % (len(octets), octets)


def frames(peer, until):
    held = b""
    while True:
        length, colon, rest = held.partition(b":")
        if colon and len(rest) > int(length):
            yield json.loads(rest[:int(length)])
            held = rest[int(length) + 1:]
            continue
        left = until - time.monotonic()
        if left <= 0:
            return
        peer.settimeout(left)
        try:
            octets = peer.recv(65536)
        except socket.timeout:
            return
        if not octets:
            return
        held += octets


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("command")
    parser.add_argument("parameters", nargs="?")
    parser.add_argument("--until")
    parser.add_argument("--seconds", type=float, default=10)
    arguments = parser.parse_args()

    with socket.create_connection(("127.0.0.1", arguments.port), 5) as peer:
        print("connected", flush=True)
        if arguments.command != "-":
            command = {"command": arguments.command, "token": "t"}
            if arguments.parameters:
                command["params"] = arguments.parameters
            peer.sendall(netstring(json.dumps(command)))
        for frame in frames(peer, time.monotonic() + arguments.seconds):
            if frame.get("response"):
                if not frame.get("ok"):
                    print(frame.get("data"), file=sys.stderr)
                    sys.exit(1)
                if not arguments.until:
                    return
            elif frame.get("event"):
                print(frame.get("type"), flush=True)
                if frame.get("type") == arguments.until:
                    return
    sys.exit(1)


main()
