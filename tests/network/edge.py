#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Single questions to Tandem's edge, some by frames made by hand.  Prints the answer.

edge.py arp INTERFACE VLAN SENDER TARGET     the VLAN of the reply, "untagged" or "nothing";
                                             VLAN 0: asked without a tag
edge.py udp SOURCE DESTINATION PORT COUNT    sends datagrams, prints nothing
edge.py serve ADDRESS PORT                   a TCP server that answers one line with it in capitals
edge.py talk ADDRESS PORT TEXT               what such a server answers, or "nothing"
edge.py stun SOURCE ADDRESS PORT             what a STUN server there says of us, or "nothing"
"""
import socket
import struct
import sys

from frames import BROADCAST, ETHER_ARP, ETHER_VLAN, Wire, address, arp, ethernet


def ask_arp(interface, vlan, sender, target):
    wire = Wire(interface)
    question = arp(1, wire.mac, sender, bytes(6), target)
    if vlan == "0":
        wire.send(ethernet(BROADCAST, wire.mac, ETHER_ARP, question))
    else:
        tag = struct.pack("!HH", int(vlan), ETHER_ARP)
        wire.send(ethernet(BROADCAST, wire.mac, ETHER_VLAN, tag + question))
    reply = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 2)
    answer = wire.receive(lambda f: reply in f and address(target) in f, 2)
    print("nothing" if not answer else answer[1] or "untagged")


def datagrams(source, destination, port, count):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind((source, 0))
        for number in range(int(count)):
            peer.sendto(b"datagram %d" % number, (destination, int(port)))


def serve(own, port):
    with socket.create_server((own, int(port))) as server:
        while True:
            peer, _ = server.accept()
            with peer:
                peer.sendall(peer.recv(4096).upper())


def talk(to, port, text):
    try:
        with socket.create_connection((to, int(port)), 5) as peer:
            peer.sendall(text.encode())
            print(peer.recv(4096).decode())
    except OSError as error:
        print("nothing:", error)


def stun(source, to, port):
    """A Binding Request (RFC 5389); prints the address that the answer tells."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.bind((source, 0))
        asker.settimeout(5)
        head = struct.pack("!HHI", 1, 0, 0x2112A442) + b"transaction1"
        asker.sendto(head, (to, int(port)))
        try:
            answer, answerer = asker.recvfrom(4096)
        except socket.timeout:
            print("nothing")
            return
        kind, length, _, attribute, _, _, family, there = struct.unpack("!HHI12xHHBBH", answer[:28])
        told = bytes(a ^ b for a, b in zip(answer[28:32], head[4:8]))
        print("%s %s:%s" % ("ours" if answerer == (to, int(port)) and answer[8:20] == head[8:] and
                            (kind, length, attribute, family) == (0x101, 12, 0x20, 1) else "odd",
                            socket.inet_ntoa(told),
                            "right" if there ^ 0x2112 == asker.getsockname()[1] else "wrong"))


{"arp": ask_arp, "stun": stun, "udp": datagrams, "serve": serve, "talk": talk}[sys.argv[1]](*sys.argv[2:])
