"""Invitations of helpers, speakers, guests and hosts: a personal link each, and the list that they are read from."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.errors import Conflict, InvalidInput
from shared.events import Event
from shared.events.ticketing import InvitationSent

MOST_INVITED: Final = 1000
HOST: Final = "host"
MOST_DINNER_GUESTS: Final = 20
"""So many people a host takes out for dinner at most."""
LONGEST_NAME: Final = 200
ADDRESS: Final = re.compile(r"[^@\s<>\"(),;:\\\[\]]+@[^@\s.]+(\.[^@\s.]+)+")
COLUMNS: Final = ("name", "email", "language")


@dataclass(frozen=True, slots=True)
class Invitee:
    name: str
    email: str
    language: str = "en"


@dataclass(slots=True)
class Invitation:
    """`code` is the voucher that it gives; `guests` how many a host takes out for dinner."""

    invitation_id: str
    conference_id: str
    lot_id: str
    code: str
    admission_type: str
    person: str
    invited_at: datetime
    guests: int = 0
    revoked_at: datetime | None = None

    @property
    def asks_for_guests(self) -> bool:
        return self.admission_type == HOST

    def sent(self) -> list[Event]:
        """Each time it is to be mailed."""
        if self.revoked_at is not None:
            raise Conflict("This invitation was revoked.")
        return [
            InvitationSent(
                conference_id=self.conference_id,
                lot_id=self.lot_id,
                invitation_id=self.invitation_id,
                admission_type=self.admission_type,
                person=f"ticket:{self.person}",
            )
        ]


def read_invitees(text: str) -> list[Invitee]:
    """People from CSV: name, email and, if one likes, language (en or de); comma or semicolon, a line of titles or none.

    Raises `InvalidInput` whose `errors["people"]` name line and field of everything that is wrong: nobody is invited then.
    """
    text = text.lstrip("\ufeff")
    first = text.splitlines()[0] if text.strip() else ""
    delimiter = ";" if first.count(";") >= max(1, first.count(",")) else ","
    people: list[Invitee] = []
    errors: list[str] = []
    seen: dict[str, int] = {}
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    order: tuple[str, ...] = COLUMNS
    try:
        for row in reader:
            line, cells = reader.line_num, [cell.strip() for cell in row]
            if not any(cells):
                continue
            if not people and not errors and "email" in (titles := [cell.lower() for cell in cells]):
                order = tuple(titles)
                continue
            found = dict(zip(order, cells, strict=False))
            person = Invitee(found.get("name", ""), found.get("email", ""), found.get("language", "").lower() or "en")
            errors += [f"Line {line}, {field}: {sentence}" for field, sentence in _problems(person, seen)]
            seen.setdefault(person.email.lower(), line)
            people.append(person)
    except csv.Error as error:
        errors.append(f"Line {reader.line_num}: {error}")
    if not people and not errors:
        errors.append("Line 1: nobody is named.")
    if len(people) > MOST_INVITED:
        errors.append(f"Line {reader.line_num}: a list has at most {MOST_INVITED} people.")
    if errors:
        sentence = "Nobody was invited: the list has errors."
        raise InvalidInput(sentence, errors={"people": errors[:20]})
    return people


def _problems(person: Invitee, seen: dict[str, int]) -> list[tuple[str, str]]:
    problems = []
    if not person.name or len(person.name) > LONGEST_NAME or not person.name.isprintable():
        problems.append(("name", "a name of 1 to 200 characters is needed."))
    if not ADDRESS.fullmatch(person.email) or len(person.email) > 254:
        problems.append(("email", "this is no e-mail address."))
    elif person.email.lower() in seen:
        problems.append(("email", f"this address stands in line {seen[person.email.lower()]} already."))
    if person.language not in ("en", "de"):
        problems.append(("language", "en or de."))
    return problems


def check_guests(count: int) -> None:
    """Raises `InvalidInput`."""
    if not 0 <= count <= MOST_DINNER_GUESTS:
        sentence = "A host takes 0 to 20 guests."
        raise InvalidInput(sentence, errors={"guests": [sentence]})
