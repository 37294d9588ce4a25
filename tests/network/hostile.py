#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Sends what a balancer must survive: malformed frames, packets and messages, a few thousand.

hostile.py INTERFACE TANDEM_MAC SEED ROUNDS MILLISECONDS_BETWEEN

Prints what it sent as JSON: a count for each of the verdicts that are certain, and the total.
None of it may reach a target: the messages that are nearly right carry Max-Forwards 0.
"""
import json
import random
import struct
import sys
import time

from frames import (BROADCAST, ETHER_ARP, ETHER_IPV4, ETHER_IPV6, ETHER_VLAN, Wire, address, arp,
                    ethernet, icmp, icmp6, ipv4, ipv6, mac, udp)

ME, TANDEM = "192.0.2.66", "192.0.2.1"
ME6, TANDEM6 = "2001:db8:1::66", "2001:db8:1::1"
ALL_NODES = "ff02::1"
MORE = 0x2000

wire = Wire(sys.argv[1])
tandem = mac(sys.argv[2])
rng = random.Random(int(sys.argv[3]))
certain = {}


def message(number, **changes):
    lines = {
        "start": "INVITE sip:bob@192.0.2.1 SIP/2.0",
        "via": "Via: SIP/2.0/UDP 192.0.2.66:5060;branch=z9hG4bKh%d" % number,
        "from": "From: <sip:h@192.0.2.66>;tag=h%d" % number,
        "to": "To: <sip:bob@192.0.2.1>",
        "call_id": "Call-ID: hostile-%d" % number,
        "cseq": "CSeq: 1 INVITE",
        "forwards": "Max-Forwards: 0",
        "contact": "Contact: <sip:h@192.0.2.66>",
        "length": "Content-Length: 0",
    }
    lines.update(changes)
    return ("\r\n".join(line for line in lines.values() if line is not None) + "\r\n\r\n").encode("latin-1")


def send(payload, verdict=None, **how):
    """A datagram for Tandem's SIP port."""
    datagram = udp(ME, 5060, TANDEM, how.pop("port", 5060), payload,
                   length=how.pop("udp_length", None), wrong_checksum=how.pop("wrong_udp", False))
    packet(ipv4(how.pop("source", ME), TANDEM, 17, datagram, **how), verdict)


def packet(octets, verdict=None, kind=ETHER_IPV4, to=None):
    frame(ethernet(to or tandem, wire.mac, kind, octets), verdict)


def frame(octets, verdict=None):
    if verdict:
        certain[verdict] = certain.get(verdict, 0) + 1
    wire.send(octets)
    time.sleep(float(sys.argv[5]) / 1000)


def octets(count):
    return bytes(rng.getrandbits(8) for _ in range(count))


def noise(number):
    """Random octets, the ends of good messages cut off, single octets changed."""
    send(octets(rng.randrange(1, 1400)))
    whole = message(number)
    send(whole[:rng.randrange(1, len(whole))])
    changed = bytearray(whole)
    at = rng.randrange(len(changed))
    forwards = whole.index(b"\r\nMax-Forwards: 0\r\n")
    if not forwards <= at < forwards + 19:
        changed[at] = rng.getrandbits(8)
    send(bytes(changed))
    send(whole.replace(b"\r\n", rng.choice([b"\r", b"\n\r", b"\0", b"\r\r\n", b"\r\n "])))


BAD_FIELDS = [
    ("VIA_MISSING", {"via": None}), ("FROM_MISSING", {"from": None}), ("TO_MISSING", {"to": None}),
    ("CALL_ID_MISSING", {"call_id": None}), ("CSEQ_MISSING", {"cseq": None}),
    ("CSEQ_METHOD", {"cseq": "CSeq: 1 BYE"}), ("CSEQ_SYNTAX", {"cseq": "CSeq: 4294967296 INVITE"}),
    ("DUPLICATE_HEADER", {"length": "Call-ID: again\r\nContent-Length: 0"}),
    ("CONTENT_LENGTH_SYNTAX", {"length": "Content-Length: -1"}),
    ("BODY_SHORT", {"length": "Content-Length: 9999"}),
    ("BRANCH_EMPTY", {"via": "Via: SIP/2.0/UDP 192.0.2.66;branch=z9hG4bK"}),
    ("SIP_VERSION", {"start": "INVITE sip:bob@192.0.2.1 SIP/7.0"}),
    ("URI_SCHEME", {"start": "INVITE gopher:bob SIP/2.0"}),
    (None, {"via": "Via: SIP/2.0/UDP [::1:5060;branch=z9hG4bKx"}),
    (None, {"via": "Via: SIP/2.0/UDP 192.0.2.66:99999;branch=z9hG4bKx"}),
    (None, {"from": "From: \"unfinished <sip:h@192.0.2.66>;tag=x"}),
    (None, {"to": "To: <sip:bob@192.0.2.1>;tag=\"x\\"}),
    (None, {"start": "INVITE sip:bob@192.0.2.1:::: SIP/2.0"}),
    (None, {"contact": "Route: <sip:192.0.2.1;lr;tandem=AAAA>\r\nRoute: <<<>>>"}),
    (None, {"contact": "Proxy-Require: " + "x," * 300}),
    (None, {"contact": "X: " + "y" * 1200}),
    (None, {"contact": "\r\n".join("N%d: v" % i for i in range(120))}),
    (None, {"contact": "Via: " + "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKspiral," * 25 +
            "SIP/2.0/UDP a;branch=z9hG4bKb"}),
]


def bad_fields(number):
    verdict, changes = BAD_FIELDS[number % len(BAD_FIELDS)]
    send(message(number, **changes), verdict)


def responses(number):
    """Answers to what was never asked, some with a Via that pretends to be Tandem's."""
    via = rng.choice(["192.0.2.1:5060;branch=z9hG4bK%032x00000000;tandem=%s" % (
        rng.getrandbits(128), "A" * rng.randrange(90)), "192.0.2.66;branch=z9hG4bKno", "192.0.2.1"])
    start = "SIP/2.0 %s x" % rng.choice(["100", "200", "503", "699", "700", "999", "2000", "abc"])
    send(message(number, start=start, via="Via: SIP/2.0/UDP " + via))
    send(message(number, start="ACK sip:x SIP/2.0", cseq="CSeq: 1 ACK"))
    send(message(number, start="CANCEL sip:x@192.0.2.1 SIP/2.0", cseq="CSeq: 1 CANCEL"))


def headers(number):
    good = message(number)
    send(good, "IP_CHECKSUM", wrong_checksum=True)
    send(good, "UDP_CHECKSUM", wrong_udp=True)
    send(good, udp_length=rng.choice([0, 7, 65535, len(good) + 9]))
    send(good, length=rng.choice([0, 19, 27, 65535]))
    send(good, version_ihl=rng.choice([0x40, 0x44, 0x4F, 0x65, 0x05]))
    send(good, "UDP_PORT", port=rng.choice([1, 53, 5059, 65535]))
    send(good, source=rng.choice(["0.0.0.0", "127.0.0.1", "224.0.0.5", "255.255.255.255", TANDEM]))
    send(b"\r\n\r\n", "KEEPALIVE")
    send(b"")
    send(struct.pack("!HHI12s", 1, 0, 0x2112A442, octets(12)), "STUN_BINDING")
    send(struct.pack("!HHI12s", 0x11, 0, 0x2112A442, octets(12)), "STUN")
    send(struct.pack("!HHI12s", 1, 4, 0x2112A442, octets(12)), "STUN_MALFORMED")


def fragments(number):
    ident = rng.getrandbits(16)
    datagram = udp(ME, 5060, TANDEM, 5060, message(number) + octets(2000))
    kind = number % 5
    if kind == 0:  # never completed
        packet(ipv4(ME, TANDEM, 17, datagram[:800], ident, MORE))
    elif kind == 1:  # overlapping
        packet(ipv4(ME, TANDEM, 17, datagram[:800], ident, MORE))
        packet(ipv4(ME, TANDEM, 17, datagram[400:1200], ident, MORE | 50))
    elif kind == 2:  # ends behind 65,535
        packet(ipv4(ME, TANDEM, 17, datagram[:1400], ident, 8191), "FRAGMENT_INVALID")
    elif kind == 3:  # a middle that is no multiple of 8, and nothing at all
        packet(ipv4(ME, TANDEM, 17, datagram[:13], ident, MORE), "FRAGMENT_INVALID")
        packet(ipv4(ME, TANDEM, 17, b"", ident + 1 & 0xFFFF, MORE))
    else:  # tiny ones, last first
        for offset in range(24, -1, -8):
            packet(ipv4(ME, TANDEM, 17, datagram[offset:offset + 8], ident, (offset // 8) | (0 if offset == 24 else MORE)))
        head = struct.pack("!BBHI", 17, 0, 1, ident)
        packet(ipv6(ME6, TANDEM6, 44, head + datagram[:800]), kind=ETHER_IPV6)


def neighbours(number):
    somebody = "192.0.2.%d" % rng.randrange(100, 250)
    other = b"\x02" + octets(5)
    packet(arp(1, other, somebody, bytes(6), TANDEM), kind=ETHER_ARP, to=BROADCAST)
    packet(arp(2, other, somebody, tandem, TANDEM), kind=ETHER_ARP)
    packet(arp(1, other, TANDEM, bytes(6), TANDEM), kind=ETHER_ARP, to=BROADCAST)
    packet(arp(rng.randrange(3, 65535), other, somebody, bytes(6), TANDEM), kind=ETHER_ARP)
    packet(arp(1, other, somebody, bytes(6), TANDEM)[:rng.randrange(28)], kind=ETHER_ARP)
    asked = address(TANDEM6)
    for options in (b"", b"\x01\x00" + other, b"\x01\x01" + other[:4], b"\x01\xff" + other,
                    b"\x01\x01" + other):
        rest = bytes(4) + asked + options
        packet(ipv6(ME6, TANDEM6, 58, icmp6(ME6, TANDEM6, 135, 0, rest)), kind=ETHER_IPV6)
    packet(ipv6(ME6, TANDEM6, 58, icmp6(ME6, TANDEM6, 135, 0, bytes(4) + asked), hop_limit=64),
           kind=ETHER_IPV6)
    packet(ipv6(ME6, TANDEM6, 58, icmp6(ME6, TANDEM6, 135, 0, bytes(4) + asked, True)), kind=ETHER_IPV6)
    packet(ipv6("fe80::66", ALL_NODES, 58, icmp6("fe80::66", ALL_NODES, 134, 0, bytes(12))),
           kind=ETHER_IPV6, to=mac("33:33:00:00:00:01"))
    packet(ipv6("::", TANDEM6, 58, icmp6("::", TANDEM6, 136, 0, b"\x60\0\0\0" + asked)), kind=ETHER_IPV6)


def icmp_errors(number):
    quoted = ipv4(TANDEM, ME, 17, udp(TANDEM, 5060, ME, 5060, message(number)))
    cut = rng.randrange(len(quoted))
    packet(ipv4(ME, TANDEM, 1, icmp(3, 3, bytes(4) + quoted[:cut])))
    packet(ipv4(ME, TANDEM, 1, icmp(3, 4, struct.pack("!HH", 0, rng.choice([0, 68, 1, 65535])) + quoted)))
    packet(ipv4(ME, TANDEM, 1, icmp(rng.randrange(256), rng.randrange(256), octets(40))))
    packet(ipv6(ME6, TANDEM6, 58, icmp6(ME6, TANDEM6, 2, 0, struct.pack("!I", 0) + octets(60))),
           kind=ETHER_IPV6)


def links(number):
    packet(b"\x00\x07" + struct.pack("!H", ETHER_IPV4) + ipv4(ME, TANDEM, 17, b""), "VLAN_FOREIGN",
           kind=ETHER_VLAN)
    packet(octets(60), kind=0x88CC)
    packet(octets(60), kind=60)
    packet(octets(rng.randrange(1, 40)), kind=rng.choice([ETHER_IPV4, ETHER_IPV6]))
    packet(ipv4(ME, TANDEM, 17, udp(ME, 5060, TANDEM, 5060, message(number))), "MAC_FOREIGN",
           to=b"\x02\x11\x22\x33\x44\x55")
    packet(ipv4(ME, "203.0.113.9", 17, udp(ME, 5060, "203.0.113.9", 5060, b"x")), "IP_ADDRESS_FOREIGN")
    packet(ipv4(ME, TANDEM, rng.choice([0, 6, 41, 47, 132, 255]), octets(40)))
    packet(ipv6(ME6, TANDEM6, 0, struct.pack("!BB", 0, 255) + octets(40)), kind=ETHER_IPV6)
    packet(ipv6(ME6, TANDEM6, 17, octets(40), length=4000), kind=ETHER_IPV6)


for number in range(int(sys.argv[4])):
    for kind in (noise, bad_fields, responses, headers, fragments, neighbours, icmp_errors, links):
        kind(number)
print(json.dumps({"sent": wire.sent, "certain": certain}))
