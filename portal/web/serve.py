"""Serving: one process or several that share a port, ending in order."""

import os
import signal
import tempfile

import uvicorn
from starlette.applications import Starlette

from portal.settings import Settings, load_settings

SECONDS_TO_FINISH = 10
"""How long requests that are under way may take once the end has been asked for."""


def serve(settings: Settings, *, host: str, port: int, processes: int = 1, reload: bool = False) -> None:
    """Serve until SIGTERM or SIGINT: accept nothing new, end live streams, finish what is under way, close.

    Raises:
        SettingsError, CatalogueError, StaticFileError: before anything is opened.
    """
    from portal import app, logs

    logs.configure(settings)
    # A mistake is told here once, and not by each process over and over.
    only = app.create_app(settings, warm=True, reload=reload)
    with tempfile.TemporaryDirectory(prefix="portal-metrics-") as folder:
        if processes > 1:
            # Each process counts into files here, and whoever is asked for /metrics adds them up.
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        _end_quietly()
        uvicorn.run(
            only if processes == 1 else f"{__name__}:application",
            factory=processes > 1,
            host=host,
            port=port,
            workers=processes,
            lifespan="on",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            # Whose address it was is found out by our own middleware, which believes fewer.
            proxy_headers=False,
            timeout_graceful_shutdown=SECONDS_TO_FINISH,
        )


def application() -> Starlette:
    """The application of one of several processes, from the environment."""
    from portal import app, logs

    settings = load_settings()
    logs.configure(settings)
    return app.create_app(settings, warm=True)


def _end_quietly() -> None:
    """Uvicorn raises the signal that ended it once more when all is done; by then there is nothing left to end."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)
