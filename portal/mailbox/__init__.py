"""The demo's mailbox: what the portal has written to everybody, for who tries it out. In development alone."""
