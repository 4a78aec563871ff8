"""How an agent hands an invitation on."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from wtforms import RadioField
from wtforms.fields import Field
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired

from portal.desk.changed_addresses import marked
from portal.i18n import gettext as _
from portal.record.models import ContactPoint
from portal.web.forms import Form

SHOW = "show"


class InviteForm(Form):
    """Once it is valid, `send_to` says whether the code is mailed, and to which contact point with which address: the
    one that the agent has read, so that it is no choice any more once it was changed."""

    how: Field

    @property
    def send_to(self) -> tuple[UUID, str] | None:
        id, _space, address = self.how.data.partition(" ")
        return None if self.how.data == SHOW else (UUID(id), address)


def invite_form(addresses: Iterable[ContactPoint], lately: Mapping[UUID, datetime]) -> type[InviteForm]:
    """The form for a customer with these e-mail addresses; none where no mail can be sent. Those that were changed
    `lately` are marked."""
    choices = [SelectChoice(SHOW, _("Show me the code, to print or read out"))]
    choices += [
        SelectChoice(f"{p.id} {p.value}", _("Send it to %(address)s") % {"address": marked(p, lately)})
        for p in addresses
    ]
    how = RadioField(
        _("How does the code reach them?"),
        choices=choices,
        default=SHOW,
        validators=[InputRequired(_("Choose one."))],
    )
    return type("InviteForm", (InviteForm,), {"how": how})
