"""What `portal doctor` says of one thing that it looked at."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` was looked at; `advice` is what to do, or None when all is well. `needed`: nothing works without it."""

    what: str
    advice: str | None = None
    needed: bool = True

    @property
    def wrong(self) -> bool:
        return self.advice is not None and self.needed
