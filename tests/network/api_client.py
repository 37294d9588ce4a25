#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A client and an agent of Tandem's control socket, written from control/api/README.md alone: no
table of commands, no code of tandemd or tandemctl.  Debian's interpreter, for python3-zmq.

With TANDEM_TOKEN in the environment this file is an agent:  api_client.py FILE
  FILE holds a JSON object {pool: [row, ...]}, or the word `broken`, `silent`, `leave`; it is read again
  when it changes.
"""
import base64
import json
import os
import sys
import time

import zmq

MESSAGE_MAX = 1 << 20


class Refused(Exception):
    """An error of tandemd: code and text."""

    def __init__(self, error):
        super().__init__("%s: %s" % (error["code"], error["text"]))
        self.code, self.text, self.body = error["code"], error["text"], error


class Silent(Exception):
    """Nothing came in time."""


class Client:
    """One DEALER.  What arrives for another request, and events, are kept until they are asked for."""

    def __init__(self, endpoint, name="api_client.py", keys=None, server_key=None, seconds=20):
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.linger = 200
        if keys:
            self.socket.curve_publickey, self.socket.curve_secretkey = keys
            self.socket.curve_serverkey = server_key
        self.socket.connect(endpoint)
        self.name, self.seconds, self.next_id = name, seconds, 1
        self.parts, self.finals, self.events, self.errors = {}, {}, [], []
        self.hello_answer = None

    def close(self):
        self.socket.close()
        self.context.term()

    # Messages.

    def send(self, message):
        self.socket.send(json.dumps(message, separators=(",", ":")).encode())

    def send_frames(self, frames):
        self.socket.send_multipart(frames)

    def receive(self, seconds):
        """One message, sorted to where it belongs.  False: none came."""
        if not self.socket.poll(max(0, int(seconds * 1000))):
            return False
        frames = self.socket.recv_multipart()
        if len(frames) != 1 or len(frames[0]) > MESSAGE_MAX:
            raise ValueError("a message has one frame of at most 1 MiB")
        message = json.loads(frames[0])
        if "hello" in message:
            self.hello_answer = message["hello"]
        elif "event" in message:
            self.events.append(message["event"])
        elif "id" not in message:
            self.errors.append(message["error"])
        elif "partial" in message:
            self.parts.setdefault(message["id"], []).append(message["partial"])
        else:
            self.finals.setdefault(message["id"], []).append(message)
        return True

    def wait(self, condition, seconds=None):
        until = time.monotonic() + (self.seconds if seconds is None else seconds)
        while not condition():
            if not self.receive(until - time.monotonic()):
                raise Silent("nothing came in time")

    def quiet(self, seconds):
        """True when nothing at all comes for so long."""
        return not self.receive(seconds)

    # The conversation.

    def hello(self, **members):
        body = {"client": self.name}
        body.update(members or {"version": 1})
        self.hello_answer = None
        self.send({"hello": body})
        self.wait(lambda: self.hello_answer or self.errors)
        if self.errors:
            raise Refused(self.errors.pop(0))
        return self.hello_answer

    def begin(self, command, args=None, request_id=None):
        if request_id is None:
            request_id, self.next_id = self.next_id, self.next_id + 1
        message = {"id": request_id, "command": command}
        if args is not None:
            message["args"] = args
        self.send(message)
        return request_id

    def end(self, request_id, seconds=None):
        """The whole answer: arrays of the parts in front of those of the final."""
        self.wait(lambda: self.finals.get(request_id), seconds)
        final = self.finals[request_id].pop(0)
        parts = self.parts.pop(request_id, [])
        if "error" in final:
            raise Refused(final["error"])
        whole = {}
        for part in parts + [final["ok"]]:
            for key, value in part.items():
                if isinstance(value, list) and isinstance(whole.get(key), list):
                    whole[key] = whole[key] + value
                else:
                    whole[key] = value
        return whole

    def ask(self, command, args=None):
        return self.end(self.begin(command, args))

    def cancel(self, request_id):
        self.send({"cancel": request_id})

    def bye(self):
        self.send({"bye": True})

    def error(self, seconds=None):
        """The next error that belongs to no request."""
        self.wait(lambda: self.errors, seconds)
        return self.errors.pop(0)


def octets(message):
    """A FILE with a message on the wire."""
    return base64.urlsafe_b64encode(message).decode().rstrip("=")


# The agent.

class Agent:
    def __init__(self, path):
        self.path, self.seen, self.works, self.heard = path, None, {}, time.monotonic()
        self.socket = zmq.Context().socket(zmq.DEALER)
        self.socket.linger = 500
        self.socket.connect(os.environ["TANDEM_SOCKET"])

    def send(self, message):
        self.socket.send(json.dumps(message).encode())

    def provide(self, work, pool):
        with open(self.path, encoding="utf-8") as f:
            text = f.read().strip()
        if text == "broken":
            self.send({"work": work, "error": {"text": "the list is broken"}})
        elif text == "leave":
            self.send({"bye": True})
        elif text != "silent":
            rows = json.loads(text).get(pool, [])
            for row in rows: # one a part, so that parts are tried
                self.send({"work": work, "partial": {"targets": [row]}})
            self.send({"work": work, "partial": {"targets": [], "complete": True}})

    def take(self, message):
        self.heard = time.monotonic()
        if "ping" in message:
            self.send({"pong": message["ping"]})
        elif message.get("do") == "targets":
            self.works[message["work"]] = message["args"]["pool"]
            self.provide(message["work"], message["args"]["pool"])
        elif "do" in message:
            self.send({"work": message["work"], "error": {"text": "targets alone"}})
        elif "refused" in message:
            self.send({"log": {"level": "error", "text": "heard: " + message["refused"]["text"]}})
        return "end" not in message

    def run(self):
        self.send({"hello": {"version": 1, "client": "api_client.py", "role": "agent",
                             "agent": os.environ["TANDEM_AGENT"],
                             "token": os.environ["TANDEM_TOKEN"]}})
        self.send({"log": {"level": "info", "text": "python agent is up"}})
        print("a line on stderr", file=sys.stderr, flush=True)
        goes_on = True
        while goes_on and time.monotonic() - self.heard < 60:
            if self.socket.poll(100):
                goes_on = self.take(json.loads(self.socket.recv()))
            changed = os.stat(self.path).st_mtime_ns
            if self.seen not in (None, changed):
                for work, pool in self.works.items():
                    self.provide(work, pool)
            self.seen = changed
        self.send({"bye": True})


if __name__ == "__main__":
    Agent(sys.argv[1]).run()
