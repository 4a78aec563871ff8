"""Stretches of time (or of minutes in a day), and what is left of them when they meet."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

Point = TypeVar("Point", datetime, int)


class Span(NamedTuple, Generic[Point]):
    """From `start` up to, and not including, `end`."""

    start: Point
    end: Point


def union(spans: Iterable[Span[Point]]) -> list[Span[Point]]:
    """What lies in any of the spans, in order; spans that touch become one, empty ones vanish."""
    merged: list[Span[Point]] = []
    for span in sorted(spans):
        if span.start >= span.end:
            continue
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged


def overlap(some: Iterable[Span[Point]], others: Sequence[Span[Point]]) -> list[Span[Point]]:
    """What lies in both."""
    return union(Span(max(a.start, b.start), min(a.end, b.end)) for a in some for b in others)


def without(spans: Iterable[Span[Point]], holes: Iterable[Span[Point]]) -> list[Span[Point]]:
    """What lies in the spans and in none of the holes."""
    left = union(spans)
    for hole in holes:
        left = [
            part
            for span in left
            for part in (Span(span.start, min(span.end, hole.start)), Span(max(span.start, hole.end), span.end))
            if part.start < part.end
        ]
    return left
