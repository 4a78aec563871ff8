"""The rows of the report, in its order."""

from collections.abc import Mapping

from bench.row import Measure
from bench.rows import chain, drain, page, save, start, visible

ROWS: Mapping[str, tuple[str, Measure]] = {
    "page": ("Record page", page.measure),
    "save": ("Audited save", save.measure),
    "visible": ("Saved to agent-visible", visible.measure),
    "drain": ("Sync drain", drain.measure),
    "chain": ("Change log: append and verification", chain.measure),
    "start": ("Start and memory", start.measure),
}
