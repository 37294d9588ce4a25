#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A small Homer: receives HEPv3 over UDP and writes one JSON line a packet.

	hep_collector.py ADDRESS PORT FILE

Written from the HEPv3 document, and sharing nothing with the encoder under test.  A packet that is
not as the document says becomes a line {"error": ...}.  Runs until it is ended.
"""
import ipaddress
import json
import socket
import struct
import sys

NAMES = {0x01: "family", 0x02: "protocol", 0x07: "source_port", 0x08: "destination_port",
         0x09: "seconds", 0x0a: "microseconds", 0x0b: "type", 0x0c: "capture_id", 0x0e: "password",
         0x0f: "payload", 0x11: "correlation", 0x13: "node"}
SIZES = {0x01: 1, 0x02: 1, 0x03: 4, 0x04: 4, 0x05: 16, 0x06: 16, 0x07: 2, 0x08: 2, 0x09: 4,
         0x0a: 4, 0x0b: 1, 0x0c: 4}
ADDRESSES = {0x03: "source", 0x04: "destination", 0x05: "source", 0x06: "destination"}


def decode(packet):
    if packet[:4] != b"HEP3" or struct.unpack(">H", packet[4:6])[0] != len(packet):
        raise ValueError("no HEP3, or another length")
    found, at = {}, 6
    while at < len(packet):
        vendor, kind, length = struct.unpack(">HHH", packet[at:at + 6])
        value = packet[at + 6:at + length]
        if vendor != 0 or length < 6 or at + length > len(packet):
            raise ValueError("chunk at %d" % at)
        if kind in SIZES and len(value) != SIZES[kind]:
            raise ValueError("chunk %#x has %d octets" % (kind, len(value)))
        if kind in ADDRESSES:
            found[ADDRESSES[kind]] = str(ipaddress.ip_address(value))
        elif kind in SIZES:
            found[NAMES[kind]] = int.from_bytes(value, "big")
        else:
            found[NAMES[kind]] = value.decode("latin-1")
        at += length
    return found


def main():
    address, port, path = sys.argv[1:]
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    sock.bind((address, int(port)))
    with open(path, "w", encoding="utf-8") as out:
        while True:
            packet = sock.recv(65536)
            try:
                line = decode(packet)
            except (ValueError, KeyError, struct.error) as error:
                line = {"error": str(error)}
            out.write(json.dumps(line) + "\n")
            out.flush()


main()
