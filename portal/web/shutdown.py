"""What has to happen at the first sign of the end, before the server waits for requests to finish."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def at_first_signal(act: Callable[[], None]) -> Iterator[None]:
    """Call `act` in the event loop when SIGTERM or SIGINT comes, and let whoever handles the signal go on.

    The server tells the application of its end only after the last request: an open stream would keep it for ever.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    # Where nobody handles a signal the process ends at once, and there is nothing to prepare.
    handled = {number: handler for number, handler in before.items() if callable(handler)}

    def on_signal(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(act)
        handled[signal.Signals(number)](number, frame)

    for number in handled:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number, handler in handled.items():
            if signal.getsignal(number) is on_signal:
                signal.signal(number, handler)
