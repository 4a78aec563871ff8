"""The agents' room: find a customer, know at a glance whether, how and when to contact them, correct, answer."""
