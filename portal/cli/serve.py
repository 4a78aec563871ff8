"""The processes: web, workers, and all of it together for development."""

import asyncio
import signal
from pathlib import Path
from typing import Annotated, Literal

import typer

from portal import logs
from portal.cli.context import run
from portal.settings import load_settings


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8000,
    processes: Annotated[int, typer.Option(help="How many processes share the port.", min=1, max=64)] = 1,
    reload: Annotated[bool, typer.Option("--reload", help="Show changed templates at once; one process only.")] = False,
) -> None:
    """Serve the web pages."""
    from portal.web.serve import serve as serve_web

    serve_web(load_settings(), host=host, port=port, processes=processes, reload=reload)


def work() -> None:
    """Bring changes to the CRMs and back, and send mail. Run any number of these, on any number of machines."""
    from portal.worker import work as work_on

    settings = load_settings()
    logs.configure(settings)

    async def main() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await work_on(settings, stop)

    run(main())


def dev(
    port: Annotated[int, typer.Option(help="Port of the portal.", min=1, max=65535)] = 8000,
    fresh: Annotated[bool, typer.Option(help="Forget all data of earlier runs first.")] = False,
    folder: Annotated[Path, typer.Option(help="Where data, secrets and logs are kept.")] = Path("var"),
    crm: Annotated[Literal["tryton"] | None, typer.Option(help="A real CRM beside the built-in one.")] = None,
) -> None:
    """Run everything on this machine with demo data: database, identity provider, web and workers."""
    from portal.dev import run as run_everything

    raise typer.Exit(run_everything(port=port, fresh=fresh, folder=folder, tryton=crm == "tryton"))
