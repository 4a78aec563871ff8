"""A field of each kind."""

from trytond.model import fields
from trytond.pool import PoolMeta

HELPS = ["text_first", "extra_time", "speak_slowly", "large_print", "in_writing"]


class Party(metaclass=PoolMeta):
    __name__ = "party.party"

    given_name = fields.Char("Given Name")
    pronouns = fields.Selection([(None, ""), ("She/Her", "She/Her"), ("he", "He"), ("they", "They")], "Pronouns")
    helps = fields.MultiSelection([(name, name) for name in HELPS], "Helps")
    good_to_know = fields.Text("Good to Know")
    plan = fields.Selection([(None, ""), ("home", "Home"), ("home_plus", "Plus"), ("business", "Business")], "Plan")
    since = fields.Date("Since")
    paperless = fields.Boolean("Paperless")
    offers_email = fields.Char("Offers by E-Mail")
    contact_summary = fields.Text("Contact Summary")
