"""Serves one of these applications as `portal serve` serves the portal: `python -m bench.apps.serve bare 8001`."""

import sys
from importlib import import_module

import uvicorn

from portal import logs
from portal.settings import load_settings


def main() -> None:
    name, port = sys.argv[1:]
    settings = load_settings()
    logs.configure(settings)
    app = import_module(f"bench.apps.{name}").create_app(settings)
    uvicorn.run(
        app, port=int(port), lifespan="on", ws="none", log_config=None, access_log=False, server_header=False,
        proxy_headers=False,
    )  # fmt: skip


if __name__ == "__main__":
    main()
