# SPDX-License-Identifier: BSD-3-Clause
"""Addresses to frames, inlined ones included, by addr2line and debug information."""
import os
import re
import struct
import subprocess

ROOTS = re.compile(r".*/((?:dataplane|control|bench|tests)/.*)")
SUFFIX = re.compile(r"\.(?:isra|part|constprop|cold|lto_priv|llvm)\b.*")


def source_name(path):
    """A source file as in the repository; others as they are."""
    path = os.path.normpath(path)
    match = ROOTS.match(path)
    return match.group(1) if match and not path.startswith("/usr/") else path


def function_name(name):
    """Without what the compiler appends to parts of functions, and without recursion marks."""
    return SUFFIX.sub("", name.split("'")[0])


def load_segments(path):
    """[(file offset, size, virtual address)...] of an ELF64 file's loaded parts."""
    with open(path, "rb") as file:
        head = file.read(64)
        if len(head) < 64 or head[:5] != b"\x7fELF\x02":
            return []
        offset, = struct.unpack_from("<Q", head, 32)
        size, count = struct.unpack_from("<HH", head, 54)
        file.seek(offset)
        table = file.read(size * count)
    segments = []
    for i in range(count):
        kind, _, at, virtual, _, length = struct.unpack_from("<IIQQQQ", table, i * size)
        if kind == 1:
            segments.append((at, length, virtual))
    return segments


def has_debug_lines(path):
    try:
        sections = subprocess.run(["readelf", "-SW", path], capture_output=True, text=True,
                                  check=False).stdout
    except OSError:
        return False
    return ".debug_line" in sections


class Symbols:
    def __init__(self):
        self.frames = {}   # (object, address): [(function, file)...]
        self.wanted = {}   # object: addresses
        self.debug = {}    # object: has lines

    def want(self, path, address):
        if (path, address) not in self.frames:
            self.wanted.setdefault(path, set()).add(address)

    def resolve(self):
        """Looks up everything wanted, one addr2line an object."""
        for path, addresses in self.wanted.items():
            if path not in self.debug:
                self.debug[path] = has_debug_lines(path)
            if self.debug[path]:
                self._run(path, sorted(addresses))
        self.wanted = {}

    def _run(self, path, addresses):
        run = subprocess.run(["addr2line", "-a", "-f", "-i", "-e", path],
                             input="".join("%#x\n" % a for a in addresses), text=True,
                             capture_output=True, check=True)
        frames, lines = None, iter(run.stdout.splitlines())
        for line in lines:
            if line.startswith("0x"):
                frames = self.frames[(path, int(line, 16))] = []
                continue
            file = next(lines).rsplit(":", 1)[0]
            if line != "??" and file != "??":
                frames.append((function_name(line), source_name(file)))

    def of(self, path, address, symbol):
        """The frames at an address; what is known by symbol alone is one, in its object."""
        frames = self.frames.get((path, address))
        if frames:
            return frames
        return [(function_name(symbol), os.path.basename(path) or path)]
