"""Salesforce: contacts and their tasks."""

from portal.crm.salesforce.connector import Salesforce
from portal.crm.setup import Kind

KIND = Kind(Salesforce, ("url", "client_id", "client_secret"))
