"""HubSpot: contacts and their notes."""

from portal.crm.hubspot.connector import HubSpot
from portal.crm.setup import Kind

KIND = Kind(HubSpot, ("url", "token"))
