"""Forms: what they are made from, and the profile's, which the catalogue describes."""

from portal.web.form_data import read_form
from portal.web.forms.base import Form
from portal.web.forms.section import SectionForm, section_form
from portal.web.forms.text import keepable, line, lines

__all__ = ["Form", "SectionForm", "keepable", "line", "lines", "read_form", "section_form"]
