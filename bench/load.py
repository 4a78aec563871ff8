"""The load generator, a process of its own: reads what to do from standard input, writes what came of it to standard
output: `counting` when the warm-up is over, `done` after the last answer, and the result.

It speaks HTTP/1.1 over sockets that it keeps open, and knows no more of it than it needs: a status, a Content-Length
and a body. That makes it several times cheaper than what it measures; the report says how much of a core it used.

Closed loop: each connection asks again as soon as it has its answer. Open loop: requests come at a fixed rate whether
or not those before are answered, and a latency begins when its request was due: a server that stalls is not spared.
"""

import asyncio
import json
import resource
import sys
import time
from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from typing import cast
from uuid import uuid4

import uvloop


@dataclass
class Visitor:
    """Somebody who asks the same again and again: the head and body of a request, with placeholders where each one
    differs: {length}, {seq} (grows by one each time), {request} (a UUID) and {word} (one of two in turn)."""

    head: str
    body: str = ""
    seq: int = 0

    def next(self) -> bytes:
        if not self.body:
            return self.head.encode()
        word = ("they", "he")[self.seq % 2]
        body = self.body.replace("{seq}", str(self.seq)).replace("{request}", str(uuid4())).replace("{word}", word)
        self.seq += 1
        return (self.head.replace("{length}", str(len(body))) + body).encode()


@dataclass
class Order:
    """What to ask. `rate` is requests a second for an open loop, None for a closed one; `expected` the status that
    counts as an answer; times are seconds."""

    port: int
    visitors: list[Visitor]
    connections: int
    seconds: float
    warm_up: float = 0.3
    rate: float | None = None
    expected: int = 200


@dataclass
class Result:
    """What came of it, without the warm-up, which only `asked` counts. Latencies are seconds, by thousandths from the
    shortest to the longest; `late` is how many found no free connection; `computed` is the generator's own CPU time."""

    seconds: float = 0.0
    answers: int = 0
    asked: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    received: int = 0
    computed: float = 0.0
    late: int = 0
    latencies: list[float] = field(default_factory=list)


class Connection(asyncio.Protocol):
    """One socket on which one request at a time is under way."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.buffer = bytearray()
        self.answer: asyncio.Future[tuple[int, int]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def ask(self, request: bytes) -> asyncio.Future[tuple[int, int]]:
        """The status of the answer, and how many bytes it had."""
        self.answer = self.loop.create_future()
        self.transport.write(request)
        return self.answer

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        length = self._length(bytes(self.buffer[:end]).lower())
        total = end + 4 + length
        if len(self.buffer) < total or self.answer is None:
            return
        status = int(self.buffer[9:12])
        del self.buffer[:total]
        answer, self.answer = self.answer, None
        answer.set_result((status, total))

    def connection_lost(self, _error: Exception | None) -> None:
        if self.answer is not None and not self.answer.done():
            self.answer.set_exception(ConnectionError("closed before the answer"))

    @staticmethod
    def _length(head: bytes) -> int:
        at = head.find(b"\r\ncontent-length:")
        if at < 0:
            raise ValueError("an answer without Content-Length")
        return int(head[at + 17 :].split(b"\r\n", 1)[0])


class Run:
    """One order being carried out."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.result = Result()
        self.errors: Counter[str] = Counter()
        # Each connection has visitors of its own, so that nobody's requests overtake one another.
        self.shares = [deque(order.visitors[i :: order.connections]) for i in range(order.connections)]
        self.began = self.counted_from = self.ends = 0.0
        self.busy = 0  # connections, in the open loop

    async def carry_out(self) -> Result:
        self.began = time.perf_counter()
        self.counted_from = self.began + self.order.warm_up
        self.ends = self.counted_from + self.order.seconds
        asyncio.get_running_loop().call_later(self.order.warm_up, self._start_counting)
        await (self._closed() if self.order.rate is None else self._open(self.order.rate))
        self.result.seconds = time.perf_counter() - self.counted_from
        self.result.computed = _computed() - self.result.computed
        print("done", flush=True)
        self.result.errors = dict(self.errors)
        ordered = sorted(self.result.latencies)
        last = len(ordered) - 1
        self.result.latencies = [ordered[last * share // 1000] for share in range(1001)] if ordered else []
        return self.result

    def _start_counting(self) -> None:
        self.result.computed = _computed()
        print("counting", flush=True)

    async def _closed(self) -> None:
        await asyncio.gather(*(self._again_and_again(share) for share in self.shares if share))

    async def _again_and_again(self, share: deque[Visitor]) -> None:
        connection = await self._connect()
        while (now := time.perf_counter()) < self.ends:
            connection = await self._once(connection, share, now)
        connection.transport.close()

    async def _open(self, rate: float) -> None:
        due: asyncio.Queue[float | None] = asyncio.Queue()
        tasks = [asyncio.create_task(self._when_due(share, due)) for share in self.shares if share]
        for number in range(int(rate * (self.ends - self.began))):
            moment = self.began + number / rate
            if (wait := moment - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            self.result.late += self.busy + due.qsize() >= len(tasks)
            due.put_nowait(moment)
        for _ in tasks:
            due.put_nowait(None)
        await asyncio.gather(*tasks)

    async def _when_due(self, share: deque[Visitor], due: asyncio.Queue[float | None]) -> None:
        connection = await self._connect()
        while (moment := await due.get()) is not None:
            self.busy += 1
            connection = await self._once(connection, share, moment)
            self.busy -= 1
        connection.transport.close()

    async def _once(self, connection: Connection, share: deque[Visitor], since: float) -> Connection:
        try:
            status, size = await connection.ask(share[0].next())
        except (ConnectionError, ValueError) as error:
            self.errors[str(error)] += 1
            return await self._connect()
        finally:
            share.rotate()
        now = time.perf_counter()
        self.result.asked += 1
        if status != self.order.expected:
            self.errors[str(status)] += 1
        elif now >= self.counted_from:
            self.result.answers += 1
            self.result.received += size
            self.result.latencies.append(now - since)
        return connection

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        _transport, connection = await loop.create_connection(Connection, "127.0.0.1", self.order.port)
        return connection


def _computed() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    raw = json.load(sys.stdin)
    order = Order(**{**raw, "visitors": [Visitor(**visitor) for visitor in raw["visitors"]]})
    print(json.dumps(asdict(uvloop.run(Run(order).carry_out()))))


if __name__ == "__main__":
    main()
