# SPDX-License-Identifier: BSD-3-Clause
"""SIP messages of pcap and pcapng files: IPv4, UDP, in Ethernet frames, nothing fragmented."""
import re
import struct
from collections import namedtuple

# status: 0 for requests, whose method is the CSeq's.  branch: of the top Via, which a response shares
# with its request.  to_tag: "" if there is none.
Message = namedtuple("Message", "time source target method status call_id branch to_tag")

_CALL_ID = re.compile(rb"\r\nCall-ID:[ \t]*([^\r]+)", re.I)
_CSEQ = re.compile(rb"\r\nCSeq:[ \t]*\d+[ \t]+(\w+)", re.I)
_BRANCH = re.compile(rb"\r\nVia:[^\r]*?;[ \t]*branch=([^;,\r \t]+)", re.I)
_TO_TAG = re.compile(rb"\r\nTo:[^\r]*>[^\r]*?;[ \t]*tag=([^;\r \t]+)", re.I)


def _pcap_frames(data):
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    unit = 1e-9 if data[:4] in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d") else 1e-6
    at = 24
    while at + 16 <= len(data):
        seconds, fraction, length = struct.unpack_from(order + "III", data, at)
        at += 16
        yield seconds + fraction * unit, data[at:at + length]
        at += length


def _resolution(options):
    at = 0
    while at + 4 <= len(options):
        code, length = struct.unpack_from("<HH", options, at)
        if code == 9:
            value = options[at + 4]
            return 2.0 ** -(value & 0x7F) if value & 0x80 else 10.0 ** -value
        at += 4 + (length + 3) // 4 * 4
    return 1e-6


def _pcapng_frames(data):
    units, at = [], 0
    while at + 12 <= len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if kind == 1:
            units.append(_resolution(data[at + 16:at + length - 4]))
        elif kind == 6:
            interface, high, low, size = struct.unpack_from("<IIII", data, at + 8)
            yield (high << 32 | low) * units[interface], data[at + 28:at + 28 + size]
        at += length


def _message(time, frame):
    if frame[12:14] != b"\x08\x00" or frame[23] != 17:
        return None
    ip = 14 + (frame[14] & 15) * 4
    text = frame[ip + 8:ip + struct.unpack_from("!H", frame, ip + 4)[0]]
    call_id, cseq, branch = _CALL_ID.search(text), _CSEQ.search(text), _BRANCH.search(text)
    if not (call_id and cseq and branch):
        return None
    to_tag = _TO_TAG.search(text)
    source, target = struct.unpack_from("!HH", frame, ip)
    return Message(time, (".".join(map(str, frame[26:30])), source),
                   (".".join(map(str, frame[30:34])), target), cseq[1].decode(),
                   int(text[8:11]) if text.startswith(b"SIP/2.0 ") else 0,
                   call_id[1].strip().decode(), branch[1].decode(),
                   to_tag[1].decode() if to_tag else "")


def read(path):
    """The messages of a file, in its order."""
    with open(path, "rb") as file:
        data = file.read()
    frames = _pcapng_frames if data[:4] == b"\x0a\x0d\x0d\x0a" else _pcap_frames
    for time, frame in frames(data):
        message = _message(time, frame)
        if message:
            yield message
