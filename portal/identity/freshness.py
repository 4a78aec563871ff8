"""Whether somebody has shown recently, and well enough, who they are: asked for before something that matters."""

from datetime import datetime, timedelta

from portal.identity.session import Audience, Session
from portal.identity.transaction import Purpose, Wanted
from portal.settings import Settings
from portal.settings.providers import ProviderSettings


def is_fresh(session: Session, settings: Settings, now: datetime) -> bool:
    """Whether the session will do for what wants a fresh login. No acr is the lowest; a provider that the settings no
    longer know cannot be asked again, and its word is not enough."""
    given = _provider(session, settings)
    if given is None:
        return False
    strong = not given.step_up_acr or session.acr in given.step_up_acr
    return strong and is_recent(session, settings, now)


def is_recent(session: Session, settings: Settings, now: datetime) -> bool:
    """Whether the login is young enough, however strong it is. One of which nobody knows when it was is not."""
    if session.authenticated_at is None:
        return False
    return now - session.authenticated_at < timedelta(minutes=settings.step_up_minutes)


def wanted(session: Session, session_hash: bytes, settings: Settings, return_to: str) -> Wanted:
    """What a fresh login of this session has to prove. Asked for is one that is half as old as will do, so that the
    person has time left for what it was for, and clocks that differ lead nobody in circles."""
    given = _provider(session, settings)
    return Wanted(
        purpose=Purpose.STEP_UP,
        return_to=return_to,
        expected_session=session_hash,
        max_age=settings.step_up_minutes * 30,
        acr_values=given.step_up_acr if given else (),
    )


def _provider(session: Session, settings: Settings) -> ProviderSettings | None:
    if session.audience is Audience.CUSTOMER:
        return settings.customer_oidc.get(session.provider)
    return settings.staff_oidc.get(session.provider)
