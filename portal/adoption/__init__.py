"""The first day: bringing in the customers that a CRM or a file has already.

Whoever is brought in is sure: by the customer number, or because the contact is tied to a customer already. Everybody
else is doubtful, told with the reason, and left to a person: no two people are ever made one by a guess. What becomes
of somebody depends on the source as a whole and on the portal as it was before, so a dry run says what a real one does.
"""
