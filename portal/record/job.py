"""Work that belongs to a change and is done after it: named in the intention, put off in the very statement that writes
the change, and so neither lost nor done for something that was never written.

What is kept of a job until it is done names the customer and the change, and holds no personal value in the clear.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from uuid import UUID

import msgspec

from portal import clock
from portal.audit.cipher import CustomerKey, Sealed, context
from portal.record.models import Record


@dataclass(frozen=True, slots=True)
class Job:
    """`task` names what is to be done; `args` are the ids and names that it needs beside those of customer and change.
    What is `secret` is sealed under the customer's key. `id` tells one job from all others, however often it is tried.
    """

    task: str
    args: Mapping[str, str | int | None] = field(default_factory=dict)
    secret: Mapping[str, str] = field(default_factory=dict)
    id: UUID = field(default_factory=clock.uuid7)


Jobs: TypeAlias = Callable[[Record], Iterable[Job]]
"""The jobs of a change, for the record as it was just before; for the first change of a record, as it is after."""


def deferred(jobs: Iterable[Job], customer_id: UUID, key: CustomerKey) -> list[dict[str, Any]]:
    """Jobs as `jobs.defer_v1` takes them."""
    return [
        {
            "task": job.task,
            "args": {
                **job.args,
                "id": str(job.id),
                "secret": _sealed(job, customer_id, key) if job.secret else None,
            },
        }
        for job in jobs
    ]


def _sealed(job: Job, customer_id: UUID, key: CustomerKey) -> Any:
    return msgspec.to_builtins(key.seal(dict(job.secret), _place(customer_id, job.id)))


def unsealed(secret: Mapping[str, str] | None, customer_id: UUID, job_id: UUID, key: CustomerKey) -> Mapping[str, str]:
    """What was secret in a job.

    Raises:
        Undecipherable: it was sealed for another job, or with another key.
    """
    found: dict[str, str] = key.unseal(msgspec.convert(secret, Sealed), _place(customer_id, job_id)) if secret else {}
    return found


def _place(customer_id: UUID, job_id: UUID) -> bytes:
    return context("portal job", 1, str(customer_id), str(job_id))
