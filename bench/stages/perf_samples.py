# SPDX-License-Identifier: BSD-3-Clause
"""The text of `perf script --show-mmap-events -F comm,tid,ip,sym,dso` to an account by stage: one
sample is one unit of cost, its call chain says for whom."""
import re

from attribution import CALLER, Account
from symbols import Symbols, load_segments

MAPPING = re.compile(r"PERF_RECORD_MMAP2? -?\d+/\d+: \[0x([0-9a-f]+)\(0x([0-9a-f]+)\) @ (?:0x)?"
                     r"([0-9a-f]+)[^]]*\]: (\S+) (.*)$")
FRAME = re.compile(r"^\s+([0-9a-f]+) (.*) \((.*)\)$")


def read(path):
    """The executable mappings [(start, size, offset, object)...] and the samples, each a list of
    (address, symbol, object) with the innermost first."""
    mappings, samples, frames = [], [], []
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            mapping = MAPPING.search(line)
            if mapping:
                start, size, offset = (int(mapping.group(i), 16) for i in (1, 2, 3))
                if "x" in mapping.group(4):
                    mappings.append((start, size, offset, mapping.group(5)))
                continue
            frame = FRAME.match(line)
            if frame:
                frames.append((int(frame.group(1), 16), frame.group(2), frame.group(3)))
            elif frames:
                samples.append(frames)
                frames = []
    if frames:
        samples.append(frames)
    return mappings, samples


class Attribution:
    def __init__(self, mappings, samples, table, symbols=None):
        self.mappings, self.samples, self.table = mappings, samples, table
        self.symbols = symbols or Symbols()
        self.segments = {}

    def _virtual(self, ip, path):
        """The address within the object, as addr2line wants it."""
        for start, size, offset, name in self.mappings:
            if name != path or not start <= ip < start + size:
                continue
            if path not in self.segments:
                try:
                    self.segments[path] = load_segments(path)
                except OSError:
                    self.segments[path] = []
            at = ip - start + offset
            for first, length, virtual in self.segments[path]:
                if first <= at < first + length:
                    return virtual + at - first
        return ip # in no mapping: perf has made it an address of the object already

    def _places(self, sample):
        """[(object, address, symbol)...]; of callers the call, not what follows it."""
        for depth, (ip, symbol, path) in enumerate(sample):
            yield path, self._virtual(ip - (depth > 0), path), symbol

    def account(self):
        for sample in self.samples:
            for path, address, _ in self._places(sample):
                self.symbols.want(path, address)
        self.symbols.resolve()
        account = Account(self.table.stages)
        for sample in self.samples:
            chain = [self.symbols.of(*place) for place in self._places(sample)]
            whole = [frame for frames in chain for frame in frames]
            stage = self.table.of_chain(whole)
            if stage == CALLER:
                stage = self.table.of_broken_chain(whole)
            account.add(stage, self.table.label(chain[0]), 1)
        return account
