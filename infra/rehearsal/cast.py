"""Who plays: invented names for buyers, attendees and sponsors. Every address ends in a domain that nobody can own."""

from __future__ import annotations

import random
from dataclasses import dataclass

_FIRST = (
    "Ada Amir Anna Arne Aylin Ben Birte Carla Cem Clara David Dilan Elif Emil Esra Eva Felix Finn Greta Hannes Ida Ines Jan "
    "Jonas Jule Kaya Lars Lena Levin Lina Luca Maja Malik Mara Mats Mia Mira Nele Nico Nora Oskar Paul Pia Rana Rosa Sami "
    "Selin Tariq Tilda Tom Vera Yara"
)
_LAST = (
    "Acker Albers Arslan Bach Bauer Berg Brandt Busch Celik Dietz Demir Ebert Engel Falk Fiedler Frank Gebhardt Graf Haas Hahn "
    "Heller Hesse Jansen Kaiser Kern Klee Koch Kraus Kurz Lang Lehmann Linde Lorenz Maurer Moser Nagel Neumann Noack Otto Pohl "
    "Reuter Roth Sahin Sauer Schell Seidel Sommer Stern Thiel Vogel Wagner Winter Yilmaz Zander"
)
_FIRMS = "Lichthof Tonwerk Schnürboden Drehbühne Rampe Foyer Parkett Kulisse Proszenium Orchestergraben"
FIRST, LAST, FIRMS = _FIRST.split(), _LAST.split(), _FIRMS.split()


@dataclass(frozen=True, slots=True)
class Attendee:
    name: str
    email: str
    admission_type: str = "regular"


@dataclass(frozen=True, slots=True)
class SponsorPart:
    """A sponsor and how they behave: `pays_after` days they pay the invoice (None: they forget), `guests` of their vouchers."""

    name: str
    city: str
    postcode: str
    contact: str
    package: str
    signs_after: int
    pays_after: int | None
    guests: int


SPONSORS = (
    SponsorPart("Nordlicht Messtechnik GmbH", "Kiel", "24103", "Frauke Linde", "Gold", 1, 9, 4),
    SponsorPart("Kieselgrund Software GmbH", "Jena", "07743", "Holger Acker", "Gold", 1, None, 3),
    SponsorPart("Tannenhof Energie eG", "Freiburg", "79098", "Miriam Sauer", "Silver", 2, 12, 2),
    SponsorPart("Halbmond Optik GmbH", "Wetzlar", "35576", "Deniz Sahin", "Silver", 2, None, 0),
    SponsorPart("Lindwurm Logistik GmbH", "Dresden", "01067", "Petra Moser", "Bronze", 3, 10, 2),
    SponsorPart("Druckerei Fährmann GmbH", "Hamburg", "20457", "Ole Jansen", "Bronze", 4, 13, 1),
)
"""Six, of whom two forget to pay. Silver sponsors get their vouchers when they have paid."""


def attendee(draw: random.Random, number: str, student: bool) -> Attendee:
    """`number` makes the address unique."""
    first, last = draw.choice(FIRST), draw.choice(LAST)
    domain = "uni.example.edu" if student else "example.org"
    return Attendee(f"{first} {last}", f"{first}.{last}.{number}@{domain}".lower(), "student" if student else "regular")
