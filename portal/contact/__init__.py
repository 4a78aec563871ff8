"""How and when a person may be contacted: one rule, and the words in which it is told."""
