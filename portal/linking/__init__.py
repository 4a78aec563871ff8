"""Which accounts open which record: answering an invitation, connecting an account, a customer's ways to log in."""
