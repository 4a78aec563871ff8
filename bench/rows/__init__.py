"""The rows of the report, in its order."""

from collections.abc import Mapping

from bench.row import Measure
from bench.rows import browser, chain, drain, growth, itself, page, profile, save, start, visible

ROWS: Mapping[str, tuple[str, Measure]] = {
    "page": ("Record page", page.measure),
    "save": ("Audited save", save.measure),
    "profile": ("Where the time goes", profile.measure),
    "visible": ("Saved to agent-visible", visible.measure),
    "drain": ("Sync drain", drain.measure),
    "chain": ("Change log: append and verification", chain.measure),
    "growth": ("Growth", growth.measure),
    "rls": ("Row-level security", itself.row_level_security),
    "processes": ("One web process and two", itself.processes),
    "pooler": ("Behind PgBouncer", itself.pooler),
    "hot": ("One hot customer", itself.hot),
    "browser": ("In a browser", browser.measure),
    "start": ("Start and memory", start.measure),
}
