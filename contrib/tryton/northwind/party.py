"""A party has what the portal's catalogue has and Tryton has not."""

from trytond.model import fields
from trytond.pool import PoolMeta

HELPS = {
    "text_first": "A text before you call",
    "extra_time": "Extra time",
    "speak_slowly": "Speak slowly and clearly",
    "large_print": "Letters in large print",
    "in_writing": "A summary in writing",
}


class Party(metaclass=PoolMeta):
    __name__ = "party.party"

    given_name = fields.Char("First Name")
    family_name = fields.Char("Last Name")
    call_me = fields.Char("Call Me")
    pronunciation = fields.Char("Say It Like This")
    pronouns = fields.Selection([(None, ""), ("She/Her", "She/Her"), ("he", "He"), ("they", "They")], "Pronouns")
    time_zone = fields.Char("Time Zone")
    helps = fields.MultiSelection(list(HELPS.items()), "Helps")
    good_to_know = fields.Text("Good to Know")
    plan = fields.Selection([(None, ""), ("home", "Home"), ("home_plus", "Plus"), ("business", "Business")], "Plan")
    since = fields.Date("Since")
    remark = fields.Text("Internal Remark")
    paperless = fields.Boolean("Paperless")
    offers_email = fields.Char("Offers by E-Mail")
    offers_phone = fields.Char("Offers by Phone")
    contact_summary = fields.Text("Contact Summary")
