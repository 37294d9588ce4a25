# SPDX-License-Identifier: BSD-3-Clause
"""Callgrind's output (--dump-instr=yes) to an account by stage.

What a helper costs belongs to those who call it: its cost is divided among its call sites by what
the calls from there cost, and a call site that is a helper's own passes its part on.
"""
from attribution import CALLER, UNMAPPED, Account
from symbols import Symbols


class FormatError(Exception):
    pass


class Profile:
    """self_cost: {(object, function): {address: cost}};
    calls: {(object, function): [(caller's key, address of the call, cost)...]}."""

    def __init__(self, path):
        self.self_cost, self.calls, self.total = {}, {}, None
        self.names = {"ob": {}, "fn": {}}
        with open(path, encoding="utf-8", errors="replace") as file:
            self._read(path, file)
        if self.total is None:
            raise FormatError("%s: no 'positions: instr line' and 'events:'; is it callgrind's, "
                              "made with --dump-instr=yes?" % path)

    def _name(self, kind, text):
        """Names are written once: "(7) name", from then on "(7)"."""
        names = self.names[kind]
        if not text.startswith("("):
            return text
        number, _, name = text.partition(")")
        if name.strip():
            names[number] = name.strip()
        return names[number]

    def _read(self, path, file):
        where = callee = None
        ob = fn = callee_ob = ""
        address, is_call = 0, False
        positions = events = False
        for line in file:
            line = line.rstrip("\n")
            if line.startswith("positions: instr line"):
                positions = True
            elif line.startswith("events:"):
                events = True
            elif positions and events:
                self.total = self.total or 0
                if line[:1] in "0123456789+-*" and line:
                    words = line.split()
                    address = self._address(words[0], address)
                    cost = int(words[2]) if len(words) > 2 else 0
                    if is_call:
                        self.calls.setdefault(callee, []).append((where, address, cost))
                        is_call = False
                        callee_ob = ob
                        continue
                    costs = self.self_cost.setdefault(where, {})
                    costs[address] = costs.get(address, 0) + cost
                    self.total += cost
                elif line.startswith("ob="):
                    ob = callee_ob = self._name("ob", line[3:])
                elif line.startswith("fn="):
                    fn = self._name("fn", line[3:])
                    where = (ob, fn)
                elif line.startswith("cob="):
                    callee_ob = self._name("ob", line[4:])
                elif line.startswith("cfn="):
                    callee = (callee_ob, self._name("fn", line[4:]))
                elif line.startswith("calls="):
                    is_call = True

    @staticmethod
    def _address(word, last):
        if word == "*":
            return last
        if word[0] in "+-":
            return last + int(word, 0)
        return int(word, 0)


class Attribution:
    def __init__(self, profile, table, symbols=None):
        self.profile, self.table = profile, table
        self.symbols = symbols or Symbols()
        self.shares, self.under_way = {}, set()

    def _frames(self, key, address):
        return self.symbols.of(key[0], address, key[1])

    def _look_up(self):
        for (ob, _), costs in self.profile.self_cost.items():
            for address in costs:
                self.symbols.want(ob, address)
        for calls in self.profile.calls.values():
            for (ob, _), address, _ in calls:
                self.symbols.want(ob, address)
        self.symbols.resolve()

    def _callers(self, key):
        """{stage: share} of those who call the function."""
        if key in self.shares:
            return self.shares[key]
        if key in self.under_way: # recursion: the other callers decide
            return {}
        self.under_way.add(key)
        parts = {}
        for caller, address, cost in self.profile.calls.get(key, []):
            stage = self.table.of_chain(self._frames(caller, address))
            of_caller = self._callers(caller) if stage == CALLER else {stage: 1.0}
            for name, share in of_caller.items():
                parts[name] = parts.get(name, 0.0) + share * cost
        self.under_way.discard(key)
        total = sum(parts.values())
        shares = {stage: part / total for stage, part in parts.items()} if total else {}
        if not self.under_way: # a part of a cycle is not final
            self.shares[key] = shares
        return shares

    def account(self):
        self._look_up()
        account = Account(self.table.stages)
        for key, costs in self.profile.self_cost.items():
            for address, cost in costs.items():
                frames = self._frames(key, address)
                stage = self.table.of_chain(frames)
                label = self.table.label(frames)
                shares = self._callers(key) if stage == CALLER else {stage: 1.0}
                for name, share in (shares or {UNMAPPED: 1.0}).items():
                    account.add(name, label, share * cost)
        return account
