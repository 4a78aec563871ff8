"""A large flood of the database that is named, killed after its first share: what ends here ends without a word."""

import os
import sys

from sqlalchemy import make_url

from portal.demo import bulk
from portal.demo.flood import flood
from tests.conftest import make_settings

KILLED = 9

if __name__ == "__main__":
    bulk.MANY = 1
    flood(make_settings(make_url(sys.argv[1])), 3_000, 60_000, progress=lambda _: os._exit(KILLED))
