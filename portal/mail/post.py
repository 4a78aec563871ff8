"""Doing a mail job: who it is for, where to, in which language, and off to the server."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage

import structlog

from portal import clock
from portal.audit.cipher import Undecipherable
from portal.i18n import current_language, using
from portal.jobs.task import Hopeless, Order
from portal.mail.compose import Stationery, Unwritable, compose
from portal.mail.kinds import MailKind
from portal.mail.letters import Facts, letter
from portal.mail.recipient import recipient
from portal.mail.smtp import deliver
from portal.record.change import changes_since
from portal.record.job import unsealed
from portal.record.models import Record
from portal.record.read import StoredRecord, read
from portal.record.store import RecordStore
from portal.settings import Settings
from portal.settings.providers import label_of

log = structlog.get_logger(__name__)


class Post:
    """The task that sends a portal's mail."""

    def __init__(self, settings: Settings, store: RecordStore, colours: Mapping[str, tuple[str, str]]) -> None:
        self._settings = settings
        self._store = store
        self._stationery = Stationery.configured(settings, colours)

    async def __call__(self, order: Order) -> None:
        """Send one letter.

        Raises:
            Hopeless, NotNow: it was not sent; see `portal.mail.smtp.deliver`.
        """
        kind = MailKind(order.args["kind"])
        if not self._settings.smtp_host:
            log.info("mail is not sent: SMTP_HOST is empty", kind=kind)
            return
        stored = await read(self._store.database, self._store.keys, order.customer_id)
        if stored is None:
            return  # there is nobody any more to write to
        since = await changes_since(self._store, stored, order.seq - 1)
        secret = _secret(order, stored)
        to = await recipient(self._store.database, order, kind, stored, since, secret)
        if to is None:
            log.info("mail is not sent: its address is gone, or is told already", kind=kind)
            return
        at = next(entry.at for entry in since if entry.seq == order.seq)
        await deliver(self._settings, *self._written(order, kind, to, stored.record, _facts(order, at, secret)))
        log.info("mail sent", kind=kind, mail=str(order.id))

    def _written(self, order: Order, kind: MailKind, to: str, record: Record, facts: Facts) -> tuple[EmailMessage, str]:
        with using(*_speaks(record, self._settings)):
            words = letter(kind, self._stationery.sender, replace(facts, provider=self._label(facts.provider)))
            try:
                return compose(self._stationery, words, to=to, name=record.name, id=order.id, at=clock.now())
            except Unwritable:
                raise Hopeless("the address cannot be written to") from None

    def _label(self, provider: str) -> str:
        """What people know an identity provider by; nothing if the letter is about none."""
        return label_of(self._settings.customer_oidc, provider, current_language()) if provider else ""


def _secret(order: Order, stored: StoredRecord) -> Mapping[str, str]:
    try:
        return unsealed(order.secret, order.customer_id, order.id, stored.key)
    except Undecipherable:
        raise Hopeless("what is secret in it cannot be decrypted: is KEY_ENCRYPTION_KEY another one?") from None


def _facts(order: Order, at: datetime, secret: Mapping[str, str]) -> Facts:
    expires_at = order.args.get("expires_at")
    return Facts(
        at=at,
        provider=order.args.get("provider", ""),
        code=secret.get("code", ""),
        expires_at=datetime.fromisoformat(expires_at) if expires_at else None,
    )


def _speaks(record: Record, settings: Settings) -> tuple[str, str]:
    """The language and the time zone that the customer asked for."""
    language, zone = record.profile.get("language"), record.profile.get("time_zone")
    return str(language or "").partition("-")[0], str(zone or settings.default_time_zone)
