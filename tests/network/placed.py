# SPDX-License-Identifier: BSD-3-Clause
"""placed.py INTERFACE FILE: what of INVITEs without To tag comes to the targets, until SIGTERM.
A call that is placed is a transaction at an address: (Call-ID, CSeq number, branch, destination);
what comes again with all of these alike is a repetition.  Writes to FILE, as JSON, the calls, the
repetitions, and the Call-IDs that were placed more than once."""
import json
import re
import signal
import socket
import struct
import sys
import time

BRANCH = re.compile(rb"^Via:[^\r\n]*;branch=([^;,\s]+)", re.M)
CALL_ID = re.compile(rb"^Call-ID:\s*([^\r\n]+)", re.M)
CSEQ = re.compile(rb"^CSeq:\s*(\d+)", re.M)
TO_TAG = re.compile(rb"^To:[^\r\n]*;tag=", re.M)


def main():
    interface, path = sys.argv[1:]
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
    packets.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
    packets.bind((interface, 0x0800))
    packets.settimeout(0.2)
    placed, repeated = {}, []
    running = [True]
    signal.signal(signal.SIGTERM, lambda *_: running.__setitem__(0, False))
    open(path + ".ready", "w").close()
    while running[0]:
        try:
            packet, source = packets.recvfrom(65535)
        except socket.timeout:
            continue
        if source[2] == socket.PACKET_OUTGOING or packet[9] != 17:
            continue
        payload = packet[(packet[0] & 15) * 4 + 8:]
        if not payload.startswith(b"INVITE ") or TO_TAG.search(payload):
            continue
        where = socket.inet_ntoa(packet[16:20])
        call = CALL_ID.search(payload).group(1).decode()
        this = (CSEQ.search(payload).group(1).decode(), BRANCH.search(payload).group(1).decode(), where)
        seen = placed.setdefault(call, [])
        if this in seen:
            repeated.append(time.time())
        else:
            seen.append(this)
    dropped = struct.unpack("II", packets.getsockopt(263, 6, 8))[1]  # SOL_PACKET, PACKET_STATISTICS
    with open(path, "w") as out:
        json.dump({"calls": len(placed), "repeated": repeated, "missed": dropped,
                   "twice": {call: seen for call, seen in placed.items() if len(seen) > 1}}, out)


main()
