#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Sends one SIP request and prints the final status code of the answer, or "nothing".

ask.py SOURCE DESTINATION METHOD [URI] [--header "Name: value"]... [--to-tag TAG] [--seconds S]

SOURCE and DESTINATION are ADDRESS:PORT, an IPv6 address in brackets.  Repeats the request each
half second, as RFC 3261's Timers A and E do at first.
"""
import argparse
import os
import socket
import time


def endpoint(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def request(arguments, call_id):
    uri = arguments.uri or "sip:" + arguments.destination
    tag = ";tag=" + arguments.to_tag if arguments.to_tag else ""
    lines = [
        "%s %s SIP/2.0" % (arguments.method, uri),
        "Via: SIP/2.0/UDP %s;rport;branch=z9hG4bK%s" % (arguments.source, call_id),
        "From: <sip:ask@%s>;tag=%s" % (arguments.source, call_id[:8]),
        "To: <%s>%s" % (uri, tag),
        "Call-ID: " + call_id,
        "CSeq: 1 " + arguments.method,
        "Contact: <sip:ask@%s>" % arguments.source,
        "Max-Forwards: 70",
    ] + arguments.header + ["Content-Length: 0", "", ""]
    return "\r\n".join(lines).encode()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("source")
    parser.add_argument("destination")
    parser.add_argument("method")
    parser.add_argument("uri", nargs="?")
    parser.add_argument("--header", action="append", default=[])
    parser.add_argument("--to-tag")
    parser.add_argument("--seconds", type=float, default=5)
    arguments = parser.parse_args()

    source, destination = endpoint(arguments.source), endpoint(arguments.destination)
    family = socket.AF_INET6 if ":" in source[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as peer:
        peer.bind(source)
        message = request(arguments, os.urandom(12).hex())
        until = time.monotonic() + arguments.seconds
        while time.monotonic() < until:
            peer.sendto(message, destination)
            peer.settimeout(0.5)
            try:
                while True:
                    answer = peer.recv(65535)
                    status = answer.split(b" ", 2)[1].decode()
                    if answer.startswith(b"SIP/2.0 ") and status >= "200":
                        print(status)
                        return
            except (socket.timeout, OSError):
                pass
    print("nothing")


main()
