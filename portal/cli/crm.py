"""CRMs, from the command line."""

import typer

from portal.cli.crm_checks import check
from portal.cli.crm_show import show
from portal.cli.crm_want import erase, lift, restrict
from portal.cli.first_day import adopt

app = typer.Typer(help="The CRMs that records are kept equal with.", no_args_is_help=True)
app.command()(check)
app.command()(show)
app.command()(adopt)
app.command()(erase)
app.command()(restrict)
app.command()(lift)


@app.callback()
def group() -> None:
    """The CRMs that records are kept equal with."""
