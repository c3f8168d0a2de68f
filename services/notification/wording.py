"""What a mail is made of: its parts, what it can speak of, and rows that have something to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from services.notification.reading import Reader
from services.notification.store import Conference

Row = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Words:
    """A letter's parts from top to bottom; `links` are labels and addresses, `action` those of its one button."""

    subject: str
    headline: str
    paragraphs: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    codes: tuple[str, ...] = ()
    links: tuple[Row, ...] = ()
    action: Row | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Matter:
    """What a letter can speak of: the reader, the conference if any, the facts of event and service, links, files."""

    reader: Reader
    name: str
    conference: Conference | None
    facts: Mapping[str, Any]
    links: Mapping[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return self.conference.name if self.conference else str(self.facts.get("conference") or "")

    def text(self, name: str) -> str:
        value = self.facts.get(name)
        return "" if value is None else str(value)

    def action(self, label: str, link: str) -> Row | None:
        return (label, self.links[link]) if self.links.get(link) else None


def rows(*rows: Row) -> tuple[Row, ...]:
    """Rows that have something to say."""
    return tuple((label, value) for label, value in rows if value)
