"""The sync engine: one row per customer and connector says what is wanted and what is there; workers make them equal.

Level-triggered, not a queue of events: a crash loses nothing, edits coalesce, the latest state wins. Change records are
never coalesced; each reaches a CRM's timeline once.
"""
