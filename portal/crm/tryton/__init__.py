"""Tryton: parties."""

from portal.crm.setup import Kind
from portal.crm.tryton.connector import Tryton

KIND = Kind(Tryton, ("url", "database", "username", "password"))
