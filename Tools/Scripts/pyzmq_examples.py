"""Runs pyzmq's own examples and checks what they print.

    pyzmq_examples.py EXAMPLES FOLDER BASE_PORT

An example runs as it is, but for its port numbers, which are replaced by free ones from BASE_PORT on, and
for the place of its unix socket. One that goes on for ever is stopped when it has printed what it should.
FOLDER gets a copy and the output of each, and `results`: kind, name, result, seconds and what was wrong,
with tabs between.

Left out are examples that need CURVE, drafts, a MongoDB server, another package or Windows, and those that
fail before they reach the library: they pass text where pyzmq wants bytes (gevent/poll.py, gevent/reqrep.py,
heartbeat/heart.py, heartbeat/heartbeater.py), or coroutines where Python 3.11 wants tasks
(asyncio/helloworld_pubsub_dealerrouter.py).
"""

import concurrent.futures
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Optional

LIMIT_SECONDS = 40


@dataclass
class Part:
    """One process of an example."""

    script: str
    # Patterns, and how often each must be found in what is printed.
    prints: dict[str, int]
    arguments: tuple[str, ...] = ()
    # Goes on until it is stopped; otherwise it must end by itself, with status 0.
    is_endless: bool = False


@dataclass
class Example:
    kind: str
    parts: list[Part]
    # The port numbers in the scripts; "{5555}" in an argument stands for what replaces the number.
    ports: tuple[int, ...] = ()
    # What an example without a client of its own is asked; given the replaced ports.
    client: Optional[Callable[[dict[int, int]], None]] = None

    @property
    def name(self) -> str:
        return " + ".join(part.script for part in self.parts)


def ask_router(ports: dict[int, int]) -> None:
    """Asks an echoing ROUTER a hundred things at once, and expects each back in order."""
    import zmq

    with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
        dealer.linger = 0
        dealer.rcvtimeo = 20_000
        dealer.connect(f"tcp://127.0.0.1:{ports[5555]}")
        for number in range(100):
            dealer.send_multipart([b"question", str(number).encode()])
        for number in range(100):
            reply = dealer.recv_multipart()
            assert reply == [b"question", str(number).encode()], reply


def ask_web(ports: dict[int, int]) -> None:
    """Gets the page for which the web server asks a slow socket."""
    deadline = time.monotonic() + 10
    while True:
        try:
            page = urllib.request.urlopen(f"http://127.0.0.1:{ports[8888]}/", timeout=20).read()
            break
        except urllib.error.URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
    assert page == b"hello to you too, #0", page


FINISHED = {r"^Finished\.$": 1}
EXAMPLES = [
    Example(
        "request-reply",
        [
            Part("heartbeat/pong.py", {r"^blocked for": 1}, is_endless=True),
            Part("heartbeat/ping.py", {r"^ping \d+: [\d.]+ ms$": 8}, is_endless=True),
        ],
        (10111,),
    ),
    Example("request-reply", [Part("eventloop/echo.py", {r"b'question'": 100}, is_endless=True)], (5555,), ask_router),
    Example(
        "publish-subscribe",
        [
            Part("pubsub/publisher.py", {r"^   Done\.$": 1}, ("--url", "tcp://127.0.0.1:{5555}")),
            Part(
                "pubsub/subscriber.py",
                {r"^array count: 10$": 1, r"^message size: 8388608 ": 1},
                ("--url", "tcp://127.0.0.1:{5555}"),
            ),
        ],
        (5555,),
    ),
    Example(
        "publish-subscribe",
        [
            Part("pubsub/topics_pub.py", {r"Topic: weather": 2}, ("tcp://127.0.0.1:{5555}",), True),
            Part(
                "pubsub/topics_sub.py",
                {r"^   Topic: stocks\.GOOG, msg:": 2, r"^   Topic: weather, msg:": 2, r"Topic: sports": 0},
                ("tcp://127.0.0.1:{5555}", "stocks", "weather"),
                True,
            ),
        ],
        (5555,),
    ),
    Example(
        "publish-subscribe",
        [Part("recv_into/discard.py", {r"INFO:publisher:Sending (small|large)": 10, r"INFO:subscriber:Done": 1})],
    ),
    Example(
        "publish-subscribe",
        [Part("logger/zmqlogger.py", {r"Hello from \d+!": 3}, ("3", "{5558}"), True)],
        (5558,),
    ),
    Example("pipeline", [Part("recv_into/recv_into_array.py", {r"^received 200 bytes": 1})]),
    Example("pipeline", [Part("serialization/serialsocket.py", {r"^Okay$": 3, r"Failed": 0})]),
    Example("pipeline", [Part("gevent/simple.py", {r"^received:": 5, r"^exiting\.$": 1})]),
    Example("asyncio", [Part("asyncio/coroutines.py", {r"^recvd \[b'": 3, r"^\.$": 3}, is_endless=True)], (5555,)),
    Example("asyncio", [Part("asyncio/tornado_asyncio.py", {r"^b'Hello'$": 3}, is_endless=True)], (9000,)),
    Example(
        "tornado",
        [Part("eventloop/coroutines.py", {r"^recvd \[b'": 3, r"^nothing to recv": 2}, is_endless=True)],
        (5555,),
    ),
    Example("tornado", [Part("eventloop/echofuture.py", {}, is_endless=True)], (5555,), ask_router),
    Example("tornado", [Part("eventloop/echostream.py", {r"b'question'": 100}, is_endless=True)], (5555,), ask_router),
    Example("tornado", [Part("eventloop/asyncweb.py", {r"worker received b'hello'": 1}, is_endless=True)],
            (5555, 8888), ask_web),
    Example(
        "devices",
        [Part("device/device.py", {r"^[01]: \d+$": 20, r"^Consumer done$": 1, r"^proxy terminated$": 1})],
        (5555, 5556),
    ),
    Example("poller", [Part("poll/pair.py", FINISHED)], (5555,)),
    Example("poller", [Part("poll/pubsub.py", FINISHED)], (5555,)),
    Example("poller", [Part("poll/reqrep.py", FINISHED)], (5555,)),
    Example(
        "monitor",
        [
            Part(
                "monitoring/simple_monitor.py",
                {
                    r"^Event: .*EVENT_LISTENING'": 2,
                    r"^Event: .*EVENT_ACCEPTED'": 2,
                    r"^Event: .*EVENT_HANDSHAKE_SUCCEEDED'": 2,
                    r"^Event: .*EVENT_DISCONNECTED'": 2,
                    r"^Event: .*EVENT_MONITOR_STOPPED'": 1,
                    r"^event monitor thread done!$": 1,
                    r"^END$": 1,
                },
            )
        ],
        (6666, 6667),
    ),
]


class Ports:
    """Gives out free ports, each once."""

    def __init__(self, base: int):
        self.lock = threading.Lock()
        self.next = base

    def take(self) -> int:
        with self.lock:
            while True:
                self.next += 1
                with socket.socket() as probe:
                    try:
                        probe.bind(("127.0.0.1", self.next))
                        return self.next
                    except OSError:
                        continue


@dataclass
class Run:
    """An example that is running in a folder of its own."""

    example: Example
    source: Path
    folder: Path
    ports: dict[int, int]
    processes: list[subprocess.Popen] = field(default_factory=list)

    def output(self, index: int) -> str:
        return (self.folder / f"{index}.out").read_text(errors="replace")

    def start(self) -> None:
        self.folder.mkdir(parents=True)
        for index, part in enumerate(self.example.parts):
            text = (self.source / part.script).read_text()
            # Not where another run of the same example has its socket.
            text = text.replace("/tmp/zmqtest", str(self.folder.name) + "-zmqtest")
            for old, new in self.ports.items():
                text = re.sub(rf"\b{old}\b", str(new), text)
            script = self.folder / Path(part.script).name
            script.write_text(text)
            arguments = list(part.arguments)
            for old, new in self.ports.items():
                arguments = [argument.replace("{%d}" % old, str(new)) for argument in arguments]
            with open(self.folder / f"{index}.out", "wb") as output:
                self.processes.append(
                    subprocess.Popen(
                        [sys.executable, script.name, *arguments],
                        cwd=self.folder,
                        stdin=subprocess.DEVNULL,
                        stdout=output,
                        stderr=subprocess.STDOUT,
                        start_new_session=True,
                    )
                )

    def missing(self, index: int) -> Optional[str]:
        """What a part has not printed as often as it should."""
        text = self.output(index)
        for pattern, count in self.example.parts[index].prints.items():
            found = len(re.findall(pattern, text, re.MULTILINE))
            if found < count or (count == 0 and found > 0):
                return f"{found} of {count} times '{pattern}'"
        return None

    def wait(self) -> Optional[str]:
        """Waits until all is printed and over.

        Returns what is wrong, if something is.
        """
        deadline = time.monotonic() + LIMIT_SECONDS
        if self.example.client:
            try:
                self.example.client(self.ports)
            except Exception as error:
                return f"the client: {type(error).__name__}: {error}"
        open_parts = set(range(len(self.processes)))
        while open_parts:
            for index in sorted(open_parts):
                script = self.example.parts[index].script
                status = self.processes[index].poll()
                missing = self.missing(index)
                if "Traceback (most recent call last)" in self.output(index):
                    return f"{script}: an exception"
                if self.example.parts[index].is_endless:
                    if status is not None:
                        return f"{script}: ended with status {status}"
                    if missing is None:
                        open_parts.discard(index)
                elif status is not None:
                    if status != 0 or missing:
                        return f"{script}: status {status}, {missing or 'all printed'}"
                    open_parts.discard(index)
                if index in open_parts and time.monotonic() > deadline:
                    return f"{script}: {missing or 'does not end'} after {LIMIT_SECONDS} s"
            time.sleep(0.05)
        return None

    def stop(self) -> Optional[str]:
        """Interrupts what still runs, as a user would, and kills what does not listen.

        Returns which part died of something else.
        """
        wrong = None
        for index, process in enumerate(self.processes):
            try:
                os.killpg(process.pid, signal.SIGINT)
                status = process.wait(timeout=3)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                status = process.poll()
            if status in (-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGILL, -signal.SIGTRAP):
                wrong = f"{self.example.parts[index].script}: died of signal {-status}"
            # What an example has started itself, too.
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
        return wrong


def run(example: Example, source: Path, folder: Path, ports: Ports) -> tuple[Optional[str], float]:
    attempt = Run(example, source, folder, {port: ports.take() for port in example.ports})
    begin = time.monotonic()
    try:
        attempt.start()
        wrong = attempt.wait()
    finally:
        died = attempt.stop()
    return died or wrong, time.monotonic() - begin


def judge(example: Example, source: Path, folder: Path, ports: Ports) -> str:
    folder /= example.name.replace("/", "-").replace(" ", "")
    wrong, seconds = run(example, source, folder / "1", ports)
    result = "ok"
    if wrong:
        first = wrong
        wrong, seconds = run(example, source, folder / "2", ports)
        result, wrong = ("FAILED", wrong) if wrong else ("ok", f"at the second try; first: {first}")
    return "\t".join([example.kind, example.name, result, f"{seconds:.1f}", wrong or ""])


def main() -> None:
    source, folder, ports = Path(sys.argv[1]), Path(sys.argv[2]), Ports(int(sys.argv[3]))
    # They mostly sleep.
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        lines = list(pool.map(lambda example: judge(example, source, folder, ports), EXAMPLES))
    (folder / "results").write_text("".join(line + "\n" for line in lines))


if __name__ == "__main__":
    main()
