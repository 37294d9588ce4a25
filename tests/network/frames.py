# SPDX-License-Identifier: BSD-3-Clause
"""Frames made by hand, for what no kernel would send.  Octets in, octets out; the only thing here
that touches the network is Wire."""
import ipaddress
import socket
import struct
import time

ETHER_IPV4, ETHER_ARP, ETHER_VLAN, ETHER_IPV6 = 0x0800, 0x0806, 0x8100, 0x86DD
BROADCAST = b"\xff" * 6


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def address(text):
    return ipaddress.ip_address(text).packed


def checksum(octets):
    if len(octets) % 2:
        octets += b"\0"
    total = sum(struct.unpack("!%dH" % (len(octets) // 2), octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet(to, source, kind, payload):
    return to + source + struct.pack("!H", kind) + payload


def arp(operation, sender_mac, sender, target_mac, target):
    return struct.pack("!HHBBH", 1, ETHER_IPV4, 6, 4, operation) + sender_mac + address(sender) + \
        target_mac + address(target)


def ipv4(source, destination, protocol, payload, ident=0, fragment=0, ttl=64, length=None,
         version_ihl=0x45, wrong_checksum=False):
    """`fragment`: flags and offset as they stand in the header."""
    head = struct.pack("!BBHHHBBH4s4s", version_ihl, 0, 20 + len(payload) if length is None else length,
                       ident, fragment, ttl, protocol, 0, address(source), address(destination))
    value = checksum(head)
    if wrong_checksum:
        value ^= 0x5555
    return head[:10] + struct.pack("!H", value) + head[12:] + payload


def ipv6(source, destination, header, payload, hop_limit=255, length=None):
    return struct.pack("!IHBB", 0x60000000, len(payload) if length is None else length, header,
                       hop_limit) + address(source) + address(destination) + payload


def pseudo_header(source, destination, protocol, length):
    if ":" in source:
        return address(source) + address(destination) + struct.pack("!II", length, protocol)
    return address(source) + address(destination) + struct.pack("!BBH", 0, protocol, length)


def udp(source, source_port, destination, destination_port, payload, length=None,
        wrong_checksum=False):
    size = 8 + len(payload)
    head = struct.pack("!HHH", source_port, destination_port, size if length is None else length)
    value = checksum(pseudo_header(source, destination, 17, size) + head + b"\0\0" + payload) or 0xFFFF
    if wrong_checksum:
        value ^= 0x5555
    return head + struct.pack("!H", value) + payload


def icmp(kind, code, rest):
    head = struct.pack("!BBH", kind, code, 0)
    return head[:2] + struct.pack("!H", checksum(head + rest)) + rest


def icmp6(source, destination, kind, code, rest, wrong_checksum=False):
    message = struct.pack("!BBH", kind, code, 0) + rest
    value = checksum(pseudo_header(source, destination, 58, len(message)) + message)
    if wrong_checksum:
        value ^= 0x5555
    return message[:2] + struct.pack("!H", value) + rest


SOL_PACKET, PACKET_AUXDATA, STATUS_VLAN_VALID = 263, 8, 0x10


class Wire:
    """A kernel interface, frames in and out."""

    def __init__(self, interface):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        # The kernel takes a tag out of the frame and tells it aside.
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.socket.bind((interface, 0))
        self.mac = self.socket.getsockname()[4]
        self.sent = 0

    def send(self, frame):
        while True:
            try:
                self.socket.send(frame)
                self.sent += 1
                return
            except OSError as error:  # the queue is full: for a moment
                if error.errno != 105:
                    raise
                time.sleep(0.001)

    def receive(self, wanted, seconds):
        """(frame, VLAN or None): the first frame for which wanted(frame) holds; None in time."""
        until = time.monotonic() + seconds
        while True:
            left = until - time.monotonic()
            if left <= 0:
                return None
            self.socket.settimeout(left)
            try:
                frame, extra, _, _ = self.socket.recvmsg(65535, 256)
            except socket.timeout:
                return None
            if wanted(frame):
                return frame, vlan_of(extra)


def vlan_of(extra):
    for level, kind, data in extra:
        if level == SOL_PACKET and kind == PACKET_AUXDATA:
            status, _, _, _, _, tag, _ = struct.unpack("IIIHHHH", data[:20])
            if status & STATUS_VLAN_VALID:
                return tag & 0xFFF
    return None
