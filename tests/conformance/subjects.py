"""The connectors that the rules are put to, each with the CRM at its other end. A new connector is a line here."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager

from tests.conformance.of_embedded import embedded
from tests.conformance.of_hubspot import hubspot
from tests.conformance.of_odoo import json2, json_rpc
from tests.conformance.of_salesforce import salesforce
from tests.conformance.of_webhook import one_way, webhook
from tests.conformance.subject import Subject
from tests.conftest import Stores

SUBJECTS: Mapping[str, Callable[[Stores], AbstractAsyncContextManager[Subject]]] = {
    "embedded": embedded,
    "hubspot": hubspot,
    "odoo, JSON-2": json2,
    "odoo, JSON-RPC": json_rpc,
    "salesforce": salesforce,
    "webhook": webhook,
    "webhook, one way": one_way,
}
