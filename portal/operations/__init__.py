"""The operator's room: is everything delivered, and if not, what to do."""
