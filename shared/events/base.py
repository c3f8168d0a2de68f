"""What all events share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Event:
    """A fact, past tense. `conference_id` is empty where a fact belongs to no conference.

    Events carry ids and facts, never people's names, addresses, IBANs, diets or secrets. They only grow: a new field has a default.
    """

    conference_id: str = ""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as its owner declares it.

    `key` is the field that holds the aggregate's id; `events` maps each wire name to its class. A wire name never changes;
    `aliases` are the names an event had before.
    """

    name: str
    owner: str
    key: str
    events: Mapping[str, type[Event]]
    description: str


@dataclass(frozen=True, kw_only=True)
class StaffActed(Event):
    """A member of staff did something that the audit trail keeps. `subject` is an id; `facts` bear no personal data."""

    staff_id: str
    action: str
    subject: str
    facts: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class PersonErased(Event):
    """A person's row is gone; `person` is `service:per_...`. Who keeps anything about that id forgets it."""

    person: str
