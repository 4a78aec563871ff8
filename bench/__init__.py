"""How fast the portal is, beside what it could be at best and beside a peer: `make bench`."""
