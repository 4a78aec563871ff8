"""The customer's side of the CRM record."""
