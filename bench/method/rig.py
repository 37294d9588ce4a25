# SPDX-License-Identifier: BSD-3-Clause
"""tandemd on one core and tandem-bench on another, joined by net_memif, and trials through them.

Owns the processes and ends them.  Knows no search and no report.
"""
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import time

import verdict

START_SECONDS = 60       # until a program that was started is there
ANSWER_SECONDS = 10      # until a tandemctl that says nothing is replaced
LATE_SECONDS = 120       # longer than this after a trial's calls should have ended: it hangs
CALLERS, TARGETS = 8, 8  # addresses of each
RING_BITS = 12           # of a memif ring: 4,096 packets, as NICs have
WARM_RATE, WARM_SECONDS = 500, 0.2
CALL_OCTETS = 1152       # of the generator's memory that a live call takes (traffic.h)


class RigError(Exception):
    pass


def prepare_child(core):
    """Runs in the child: on that core, and gone when we are, however we end."""
    libc = ctypes.CDLL(None, use_errno=True)

    def prepare():
        libc.prctl(1, signal.SIGKILL, 0, 0, 0) # PR_SET_PDEATHSIG
        os.sched_setaffinity(0, {core})
    return prepare


def run_delay_ns(pid):
    """How long the thread of a process that runs most wanted to run and could not: the one that
    polls."""
    ran = waited = 0
    try:
        for task in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/schedstat" % (pid, task)) as f:
                times = [int(n) for n in f.read().split()]
            if times[0] >= ran:
                ran, waited = times[0], times[1]
    except (OSError, ValueError, IndexError):
        pass
    return waited


class Control:
    """tandemctl in its interactive mode behind pipes: a question costs no new process, which
    would take time from the core that is measured."""

    def __init__(self, program, socket, core, told, is_ended):
        """is_ended: tells whether tandemd has ended."""
        self.program, self.socket, self.core, self.told = program, socket, core, told
        self.is_ended = is_ended
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "--socket", self.socket, "--json", "--timeout",
             str(START_SECONDS)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
            preexec_fn=prepare_child(self.core))
        os.set_blocking(self.process.stdout.fileno(), False)

    def ask(self, command):
        """The answer, parsed.  A tandemctl that is silent is replaced, and that is said."""
        for _ in range(START_SECONDS // ANSWER_SECONDS):
            answer = self.ask_once(command)
            if answer is not None:
                return answer
            if self.is_ended():
                raise RigError("tandemd ended in the middle of it (its log and the kernel's tell)")
            self.told("no answer to `%s` in %d s: asking by a new tandemctl" % (command,
                                                                             ANSWER_SECONDS))
            self.stop()
            self.start()
        raise RigError("tandemd does not answer `%s`" % command)

    def ask_once(self, command):
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()
        text, until = b"", time.monotonic() + ANSWER_SECONDS
        while True:
            ready, _, _ = select.select([self.process.stdout], [], [],
                                        max(0, until - time.monotonic()))
            piece = self.process.stdout.read() if ready else None
            if not piece:
                return None
            text += piece
            try:
                return json.loads(text)
            except ValueError:
                continue

    def stop(self):
        try:
            self.process.stdin.close()
        except OSError:
            pass # it had ended, with a question unread
        stop_process(self.process)
        self.process.stdout.close()


def stop_process(process, seconds=20):
    """Asks a process to end, and ends it when it does not."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


class Rig:
    """One tandemd and one tandem-bench.  `folder` is ours, for sockets and logs."""

    def __init__(self, build, folder, cores, memory_mib, huge, told):
        self.folder, self.memory_mib, self.huge, self.told = folder, memory_mib, huge, told
        self.tandem_core, self.generator_core = cores
        self.tandemd_program = os.path.join(build, "control", "tandemd")
        self.tandemctl_program = os.path.join(build, "control", "tandemctl")
        self.generator_program = os.path.join(build, "bench", "generator", "tandem-bench")
        self.tandemd = self.generator = self.control = None
        self.generator_kind = None
        self.mode = None
        self.commands = {}
        self.calls_max = 100000
        self.rest = b""
        self.log_files = []

    # ---- processes

    def path(self, name):
        return os.path.join(self.folder, name)

    def log(self, name):
        f = open(self.path(name), "ab")
        self.log_files.append(f)
        return f

    def tail(self, name, lines=12):
        try:
            with open(self.path(name), errors="replace") as f:
                return "".join(f.readlines()[-lines:]).rstrip()
        except OSError:
            return ""

    def memif(self, side, role):
        return "net_memif%d,role=%s,id=%d,socket=%s,socket-abstract=no,rsize=%d" % (
            side, role, side, self.path("memif-%d.sock" % os.getpid()), RING_BITS)

    def config(self, mode):
        targets = "\n".join('      - {name: target%d, uri: "sip:198.51.100.%d:5060"}'
                            % (i + 1, 11 + i) for i in range(TARGETS))
        return """\
# The worker never sleeps: it has the core for itself.
dataplane: {workers: 1, memory: %dMiB, huge: "%s", idle_polls: 0, lcores: "0@%d,1@%d"}
state_dir: "%s"
interfaces:
  - {name: access, device: "%s", addresses: [192.0.2.1/24]}
  - {name: core, device: "%s", addresses: [198.51.100.1/24]}
services:
  - {name: inbound, listen: ["udp:192.0.2.1:5060"], pool: switches, mode: %s, record_route: true}
pools:
  - name: switches
    policy: call-id-hash
    targets:
%s
control: {socket: "ipc://%s"}
""" % (self.memory_mib, self.huge, self.tandem_core, self.tandem_core, self.path("state"),
       self.memif(0, "server"), self.memif(1, "server"), mode, targets,
       self.path("control.sock"))

    def start_tandemd(self, mode="stateful"):
        self.stop_tandemd()
        self.mode = mode
        config = self.path("tandem.yaml")
        with open(config, "w", encoding="utf-8") as f:
            f.write(self.config(mode))
        command = [self.tandemd_program, "-c", config]
        self.commands["tandemd"] = " ".join(command)
        self.tandemd = subprocess.Popen(
            command, stdout=self.log("tandemd.log"), stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, start_new_session=True,
            preexec_fn=prepare_child(self.tandem_core))
        until = time.monotonic() + START_SECONDS
        while not os.path.exists(self.path("control.sock")):
            if self.tandemd.poll() is not None or time.monotonic() > until:
                raise RigError("tandemd did not start:\n" + self.tail("tandemd.log"))
            time.sleep(0.05)
        self.control = Control(self.tandemctl_program, "ipc://" + self.path("control.sock"),
                               self.tandem_core, self.told,
                               lambda: self.tandemd.poll() is not None)
        self.control.ask("show status")

    def stop_tandemd(self):
        """Ends both.  The memif driver of DPDK 22.11 unmaps rings that its poll loop still reads
        when the peer goes away: the generator stands still until tandemd has ended, and then has
        no loop that could trip over it."""
        if self.generator and self.generator_kind == "proxy" and self.generator.poll() is None:
            self.generator.send_signal(signal.SIGSTOP)
        if self.control:
            self.control.stop()
            self.control = None
        if self.tandemd:
            stop_process(self.tandemd)
            self.tandemd = None
        if self.generator and self.generator_kind == "proxy":
            self.generator.kill()
        self.stop_generator()
        for name in ("control.sock", "memif-%d.sock" % os.getpid()):
            if os.path.exists(self.path(name)):
                os.unlink(self.path(name))

    def generator_command(self, kind):
        callers = ",".join("192.0.2.%d:5060" % (50 + i) for i in range(CALLERS))
        targets = ",".join("198.51.100.%d:5060" % (11 + i) for i in range(TARGETS))
        if kind == "loop": # one device, which has fewer addresses than both sides together
            callers = "192.0.2.50:5060-%d" % (5059 + CALLERS)
            targets = "198.51.100.11:5060-%d" % (5059 + TARGETS)
        command = [self.generator_program, "--core", str(self.generator_core), "--trials", "-",
                   "--callers", callers, "--targets", targets,
                   "--calls-max", str(self.calls_max), "--quiet"]
        if self.huge == "off":
            command.append("--no-huge")
        if kind == "loop":
            return command + ["--loop"]
        return command + ["--device", self.memif(0, "client"), "--device", self.memif(1, "client"),
                          "--proxy", "192.0.2.1:5060", "--target-proxy", "198.51.100.1:5060"]

    def start_generator(self, kind):
        """kind: "proxy", through tandemd; "loop", callers and targets of the generator alone."""
        self.stop_generator()
        command = self.generator_command(kind)
        self.commands["tandem-bench " + kind] = " ".join(command)
        self.generator = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.log("tandem-bench.log"), start_new_session=True,
            preexec_fn=prepare_child(self.generator_core))
        self.generator_kind = kind
        self.rest = b""
        os.set_blocking(self.generator.stdout.fileno(), False)

    def stop_generator(self):
        if not self.generator:
            return
        try:
            self.generator.stdin.close()
        except OSError:
            pass
        # At its end of input it ends by itself unless a trial is under way.
        try:
            self.generator.wait(2)
        except subprocess.TimeoutExpired:
            stop_process(self.generator, 5)
        self.generator.stdout.close()
        self.generator = None

    def renew(self):
        """Programs without a past: the next trial starts them."""
        self.stop_tandemd()

    def stop(self):
        self.stop_tandemd()
        for f in self.log_files:
            f.close()
        self.log_files = []

    def setup(self):
        """What a report says of it."""
        return {
            "link": "net_memif, one queue, rings of %d packets, one link a side" % 2**RING_BITS,
            "tandemd": "1 worker on core %d, never sleeping; stateful unless said otherwise; "
                       "Record-Route; %d MiB, hugepages %s" % (self.tandem_core, self.memory_mib,
                                                              self.huge),
            "tandem-bench": "core %d; %d caller addresses, %d targets; up to %d calls" % (
                self.generator_core, CALLERS, TARGETS, self.calls_max),
            "policy": "call-id-hash",
        }

    def keep(self, out):
        """Configuration and logs, for the report's reader."""
        for name in ("tandem.yaml", "tandemd.log", "tandem-bench.log"):
            if os.path.exists(self.path(name)):
                shutil.copy(self.path(name), out)

    # ---- a trial

    def counters(self):
        """What tandemd counted so far, as a flat dict."""
        workers = self.control.ask("show workers")
        at = time.monotonic()
        memory = self.control.ask("show memory")["total"]
        interfaces = self.control.ask("show interfaces")["interfaces"]
        total = workers["total"]
        messages = total["messages"]
        return {
            "at": at, "tsc_hz": workers["tsc_hz"], "messages": messages,
            "busy_cycles": (total["cycles_per_message"] or 0.0) * messages,
            "engine_cycles": (total["engine_cycles_per_message"] or 0.0) * messages,
            "tx_dropped": total["tx_dropped"], "rx_missed": sum(i["rx_missed"] for i in interfaces),
            "copies_refused": memory["copies"]["refused"], "outbox_full": memory["outbox_full"],
            "txns_peak": memory["txns_peak"], "txns_max": memory["txns_max"],
            "tombstones_peak": memory["tombstones_peak"],
            "tombstones_max": memory["tombstones_max"]}

    @staticmethod
    def device_row(before, after, refused=0):
        """What happened in tandemd between two readings.  refused: answers 503 meanwhile."""
        messages = after["messages"] - before["messages"]
        seconds = after["at"] - before["at"]
        busy = after["busy_cycles"] - before["busy_cycles"]
        row = {"messages": messages, "seconds": seconds,
               "busy_share": busy / (seconds * after["tsc_hz"]) if seconds > 0 else None,
               "cycles_a_message": busy / messages if messages else None,
               "engine_cycles_a_message":
                   (after["engine_cycles"] - before["engine_cycles"]) / messages
                   if messages else None}
        for key in ("tx_dropped", "rx_missed", "copies_refused", "outbox_full"):
            row[key] = after[key] - before[key]
        # Full pools refuse calls (503): the limit is the memory then, not the core.  A peak is one
        # since tandemd began: that it was reached before says nothing of this trial.
        full = any(after[pool + "_peak"] >= after[pool + "_max"] and
                   (refused > 0 or before[pool + "_peak"] < before[pool + "_max"])
                   for pool in ("txns", "tombstones"))
        row["memory_full"] = row["copies_refused"] > 0 or full
        return row

    def cut(self):
        """Ends the trial now: the first signal asks the generator to begin no more calls, the
        second to end those that are live.  It writes its result and ends."""
        for _ in range(2):
            self.generator.send_signal(signal.SIGINT)
            time.sleep(0.2) # two signals at once are one

    def read_line(self, until, during, began):
        """The generator's next line that is an object; calls during[i] at its second."""
        while True:
            line, newline, rest = self.rest.partition(b"\n")
            if newline:
                self.rest = rest
                if line.lstrip().startswith(b"{"):
                    return json.loads(line)
                continue
            now = time.monotonic()
            due = [second for second, _ in during]
            wait = min([until - now] + [began + second - now for second in due[:1]])
            ready, _, _ = select.select([self.generator.stdout], [], [], max(0.0, wait))
            if ready:
                piece = self.generator.stdout.read()
                if not piece:
                    raise RigError("tandem-bench ended:\n" + self.tail("tandem-bench.log"))
                self.rest += piece
            elif due and time.monotonic() >= began + due[0]:
                during.pop(0)[1]()
            elif time.monotonic() >= until:
                raise RigError("tandem-bench does not end a trial:\n" +
                               self.tail("tandem-bench.log"))

    def trial(self, rate, seconds, mix="call=1", ring=0, hold=0, kind="proxy", drain=None,
              during=()):
        """Runs one trial; returns the generator's JSON with `verdict`, `device` and `waited_ms`
        beside it.  drain: seconds after which calls that should have ended have failed; without
        it their timers end them.  during: (second, function) pairs, in order."""
        if not self.generator or self.generator_kind != kind:
            if kind == "proxy" and not self.tandemd:
                self.start_tandemd(self.mode)
            self.start_generator(kind)
            # The link comes up, addresses are found, code and tables are touched once.
            self.trial(WARM_RATE, WARM_SECONDS, mix, kind=kind)
        before = self.counters() if kind == "proxy" else None
        waited = run_delay_ns(self.generator.pid)
        device_waited = run_delay_ns(self.tandemd.pid) if kind == "proxy" else 0
        line = "rate=%.10g seconds=%.10g mix=%s ring=%d hold=%d\n" % (
            rate, seconds, mix, ring, hold)
        began = time.monotonic()
        try:
            self.generator.stdin.write(line.encode())
            self.generator.stdin.flush()
        except OSError:
            raise RigError("tandem-bench ended:\n" + self.tail("tandem-bench.log")) from None
        lasts = seconds + (ring + hold) / 1e3
        during, ended = list(during), []

        def cut():
            # The generator will end: tandemd must not poll then (see stop_tandemd).
            if kind == "proxy":
                ended.append((self.counters(), run_delay_ns(self.tandemd.pid)))
                self.tandemd.send_signal(signal.SIGSTOP)
            self.cut()

        if drain is not None:
            during.append((lasts + drain, cut))
        result = self.read_line(began + START_SECONDS + lasts + LATE_SECONDS, during, began)
        # What ended by a signal is gone with its times.
        result["waited_ms"] = {"generator": max(0, run_delay_ns(self.generator.pid) - waited) / 1e6}
        if kind == "proxy":
            after, delay = ended[0] if ended else (self.counters(),
                                                   run_delay_ns(self.tandemd.pid))
            result["device"] = self.device_row(before, after,
                                               result["statuses"].get("503", 0))
            result["waited_ms"]["tandemd"] = (delay - device_waited) / 1e6
        if result.get("interrupted"):
            if ended:
                self.tandemd.kill()
            self.stop_tandemd()
        result["verdict"] = verdict.judge(result, result.get("device"))
        return result
