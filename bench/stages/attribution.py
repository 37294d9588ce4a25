# SPDX-License-Identifier: BSD-3-Clause
"""Which stage of the packet path a place in the program works for.

A place is a chain of frames, the innermost first: inlined functions, the function they lie in, and
where the chain goes on, its callers.  The table says of each frame whether it belongs to a stage, to
nobody that counts (`outside`), or to its caller (`caller`: helpers that all stages use).  The first
frame that is not its caller's decides.
"""
import fnmatch
import re

CALLER, OUTSIDE, UNMAPPED = "caller", "outside", "unmapped"


class TableError(Exception):
    pass


def stage_names(header):
    """The stages, in order, out of dataplane/base/stage.h."""
    with open(header, encoding="utf-8") as file:
        names = re.findall(r'^\tSTAGE\(\w+, "([^"]+)"', file.read(), re.M)
    if not names:
        raise TableError("%s: no STAGE lines" % header)
    return names


class Table:
    """Lines of `STAGE PATTERN...`, a pattern being FILE:FUNCTION with * and ?.  FILE is the source
    file as in the repository, or the name of the object where there is none.  The first pattern
    that fits counts, so what is special stands above what is general.  `STAGE?` is for chains that
    break off before anybody decides."""

    def __init__(self, path, stages):
        self.stages = list(stages)
        self.rules, self.last_rules = [], []
        self.known = {}
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                words = line.split("#")[0].split()
                if not words:
                    continue
                where = "%s:%d" % (path, number)
                stage = words[0].rstrip("?")
                rules = self.rules if stage == words[0] else self.last_rules
                if stage not in self.stages + [CALLER, OUTSIDE]:
                    raise TableError("%s: there is no stage '%s'" % (where, stage))
                if len(words) < 2:
                    raise TableError("%s: no pattern behind '%s'" % (where, words[0]))
                for pattern in words[1:]:
                    if ":" not in pattern:
                        raise TableError("%s: '%s' is not FILE:FUNCTION" % (where, pattern))
                    rules.append((re.compile(fnmatch.translate(pattern)), stage))

    def of_frame(self, function, file):
        name = "%s:%s" % (file, function)
        if name not in self.known:
            self.known[name] = next((stage for pattern, stage in self.rules
                                     if pattern.match(name)), UNMAPPED)
        return self.known[name]

    def of_chain(self, frames):
        """The stage of frames [(function, file)...]; CALLER when none of them decides."""
        for function, file in frames:
            stage = self.of_frame(function, file)
            if stage != CALLER:
                return stage
        return CALLER

    def of_broken_chain(self, frames):
        """Of frames that do not lead to anybody who decides."""
        for function, file in frames:
            for pattern, stage in self.last_rules:
                if pattern.match("%s:%s" % (file, function)):
                    return stage
        return UNMAPPED

    def label(self, frames):
        """What to call the place: of inlined frames the one that decides, of a helper the whole."""
        function, file = next((frame for frame in frames if self.of_frame(*frame) != CALLER),
                              frames[-1])
        return "%s (%s)" % (function, file)


class Account:
    """Costs by stage, and within each by function."""

    def __init__(self, stages):
        self.cost = {stage: 0.0 for stage in stages}
        self.functions = {stage: {} for stage in stages}
        self.unmapped = {}
        self.outside = 0.0

    def add(self, stage, function, cost):
        if stage == OUTSIDE:
            self.outside += cost
        elif stage in (UNMAPPED, CALLER):
            self.unmapped[function] = self.unmapped.get(function, 0.0) + cost
        else:
            self.cost[stage] += cost
            names = self.functions[stage]
            names[function] = names.get(function, 0.0) + cost

    def total(self):
        return sum(self.cost.values()) + sum(self.unmapped.values())

    def subtract(self, other, share):
        """Takes off what `other` would make up at `share` of this account, nowhere below zero."""
        scale = share * self.total() / other.total() if other.total() else 0
        for stage, names in self.functions.items():
            self.cost[stage] = max(self.cost[stage] - scale * other.cost[stage], 0.0)
            left = self._without(names, other.functions[stage], scale)
            total = sum(left.values())
            self.functions[stage] = {function: cost * self.cost[stage] / total
                                     for function, cost in left.items()} if total else {}
        self.unmapped = self._without(self.unmapped, other.unmapped, scale)

    @staticmethod
    def _without(names, others, scale):
        return {function: max(cost - scale * others.get(function, 0.0), 0.0)
                for function, cost in names.items()}

    def shares(self):
        total = self.total()
        return {stage: cost / total if total else None for stage, cost in self.cost.items()}

    def unmapped_share(self):
        total = self.total()
        return sum(self.unmapped.values()) / total if total else 0.0

    def top(self, stage, count):
        """The costliest functions of a stage: [(function, share of all)...]."""
        return self._top(self.functions[stage], count)

    def top_unmapped(self, count):
        return self._top(self.unmapped, count)

    def _top(self, names, count):
        total = self.total() or 1.0
        return [(function, cost / total)
                for function, cost in sorted(names.items(), key=lambda item: -item[1])[:count]
                if cost > 0]
