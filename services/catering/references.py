"""The past editions that a conference's forecast learns from: those that come with Stagedoor and those imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from importlib import resources

from services.catering.domain.edition import Edition, normalized, read_edition


@lru_cache(maxsize=1)
def built_in() -> tuple[Edition, ...]:
    """Counts of real conferences, see editions/README.md."""
    folder = resources.files("services.catering") / "editions"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".csv")), key=lambda file: file.name)
    return tuple(read_edition(file.name.removesuffix(".csv"), file.read_text(encoding="utf-8")) for file in files)


def merged(imported: Sequence[Edition]) -> list[Edition]:
    """Built-in and imported ones; an imported one stands for a built-in one of the same name."""
    by_name = {normalized(edition.name): edition for edition in (*built_in(), *imported)}
    return [by_name[name] for name in sorted(by_name)]


def without_itself(
    editions: Sequence[Edition],
    names: Sequence[str],
    excluded: Sequence[str],
    registered: Mapping[date, int],
    doors_on: date,
) -> list[Edition]:
    """Editions that a conference may learn from: neither excluded nor the conference itself.

    `names` are its own (slug, name); `registered` its own registrations by day, so that data of the same conference under
    another name, or moved to other dates, are known as such.
    """
    own = {normalized(name) for name in (*names, *excluded)}
    return [
        edition
        for edition in editions
        if normalized(edition.name) not in own and not edition.looks_like(registered, doors_on)
    ]
