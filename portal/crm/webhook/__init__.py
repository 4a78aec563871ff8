"""Any system that speaks no API of its own to us: Standard Webhooks out and in, with CloudEvents in them."""

from portal.crm.setup import Kind, Setup
from portal.crm.webhook.connector import Webhook
from portal.crm.webhook.signing import read_keys

EVENTS, RECORDS = "events", "records"


def connect(setup: Setup) -> Webhook:
    """The connector to one address.

    Raises:
        SettingsError: WEBHOOK_SECRET holds nothing to sign with, or API is neither `events` nor `records`.
    """
    try:
        keys = read_keys(setup.secret("webhook_secret"))
    except ValueError as why:
        raise setup.mistake("webhook_secret", str(why)) from None
    if not keys.sign:
        raise setup.mistake("webhook_secret", "needs a secret to sign with: whsec_... or whsk_...")
    if setup.settings.api not in ("", EVENTS, RECORDS):
        raise setup.mistake("api", f"must be {EVENTS} or {RECORDS}")
    return Webhook(setup, keys, answers=setup.settings.api == RECORDS)


KIND = Kind(connect, ("url", "webhook_secret"))
