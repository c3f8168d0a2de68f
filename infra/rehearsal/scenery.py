"""The conference that a rehearsal plays: its days, prices, packages and texts, fitted to a file of registrations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from infra.rehearsal.registrations import Registrations
from services.ticket.domain.conference import ConferencePlan, TierPlan, TypePlan
from services.ticket.domain.local_time import at_local, end_of
from services.ticket.domain.policy import Step

ZONE = "Europe/Berlin"
CURRENCY = "EUR"
DAYS_BEFORE = (60, 30, 21, 14, 10, 7, 3)
"""Days before doors at whose noon the forecast is written down."""
EARLY_BIRD_ENDS = 45
LAST_MINUTE_BEGINS = 14
VENUES = (100, 150, 200, 300, 400, 500, 750, 1000, 1250, 1500, 2000, 2500, 3000, 4000, 5000, 7500, 10_000, 15_000)
"""Capacities: of these, the smallest that holds everybody. Rounded, so that it does not give away how many will come."""
EARLY_BIRD_SHARE = 0.3
OPENING = time(12)


@dataclass(frozen=True)
class Scenery:
    """`opens_at`: sales begin. `ends_at`: the day after doors is over."""

    plan: ConferencePlan
    opens_at: datetime
    doors_at: datetime
    ends_at: datetime

    @property
    def doors_on(self) -> date:
        return self.plan.days[0]


def build(registrations: Registrations, most_at_once: int) -> Scenery:
    """A two-day conference in which nobody has to be refused: `most_at_once` admissions are held or sold at any time."""
    doors_on = registrations.doors_on
    opens_on = min(registrations.first_on, doors_on - timedelta(days=DAYS_BEFORE[0])) - timedelta(days=1)
    plan = conference_plan(
        slug="rehearsal",
        name=f"Rehearsal {doors_on.year}",
        doors_on=doors_on,
        capacity=venue_for(most_at_once),
        early_bird_cap=None,
    )
    return Scenery(
        plan=plan,
        opens_at=at_local(opens_on, OPENING, ZONE),
        doors_at=plan.doors_at(),
        ends_at=at_local(doors_on + timedelta(days=1), time(23), ZONE),
    )


def conference_plan(
    *, slug: str, name: str, doors_on: date, capacity: int, early_bird_cap: int | None, is_demo: bool = False
) -> ConferencePlan:
    """Early bird until 45 days before doors or its cap, regular until 14 days before, then last minute; students; sponsors."""
    days = (doors_on, doors_on + timedelta(days=1))

    def until(days_before: int) -> datetime:
        return end_of(doors_on - timedelta(days=days_before + 1), ZONE)

    cap = early_bird_cap or max(10, round(capacity * EARLY_BIRD_SHARE))
    return ConferencePlan(
        slug=slug,
        name=name,
        place="Kulturhaus am Kanal, Berlin",
        time_zone=ZONE,
        currency=CURRENCY,
        capacity=capacity,
        days=days,
        seller="Verein der Bühnentechnik e. V.",
        seller_address="Kanalstraße 9\n10999 Berlin",
        reply_to="tickets@buehnentechnik.example",
        types=(
            TypePlan(
                "regular",
                "Regular",
                "Regulär",
                (
                    TierPlan("Early bird", "Frühbucher", 24_900, until(EARLY_BIRD_ENDS), cap),
                    TierPlan("Regular", "Regulär", 34_900, until(LAST_MINUTE_BEGINS)),
                    TierPlan("Last minute", "Last Minute", 49_900),
                ),
            ),
            TypePlan(
                "student",
                "Student",
                "Studierende",
                (TierPlan("Student", "Studierende", 4_900),),
                note_en="Any student id, PhD students included; shown at the door.",
                note_de="Jeder Studierendenausweis, auch Promovierende; am Einlass vorzuzeigen.",
            ),
            TypePlan("sponsor", "Sponsor", "Sponsor"),
        ),
        legal_texts=LEGAL,
        cancellation=(Step(0, 100),),  # the curves to be played know people who cancel up to the last day
        is_demo=is_demo,
        description_en="Two days on light, sound and the people behind the curtain: talks, workshops, and lunch for all.",
        description_de="Zwei Tage über Licht, Ton und die Menschen hinter dem Vorhang: Vorträge, Workshops und Mittagessen.",
    )


def venue_for(people: int) -> int:
    """The smallest venue for so many, with a tenth to spare."""
    wanted = people + people // 10
    return next((venue for venue in VENUES if venue >= wanted), -(-wanted // 5000) * 5000)


LEGAL = {
    ("imprint", "en"): "Verein der Bühnentechnik e. V.\nKanalstraße 9, 10999 Berlin\ntickets@buehnentechnik.example",
    ("imprint", "de"): "Verein der Bühnentechnik e. V.\nKanalstraße 9, 10999 Berlin\ntickets@buehnentechnik.example",
    (
        "terms",
        "en",
    ): "A ticket admits one person on both days. It can be given back until doors open; we refund it in full.",
    (
        "terms",
        "de",
    ): "Ein Ticket gilt für eine Person an beiden Tagen. Bis zum Einlass nehmen wir es zurück und erstatten es ganz.",
    (
        "privacy",
        "en",
    ): "We keep your name and address to send your ticket and to let you in, and erase them when you ask us to.",
    ("privacy", "de"): "Name und Adresse brauchen wir für Ticket und Einlass; auf Wunsch löschen wir sie.",
    ("code_of_conduct", "en"): "Be kind, listen, and leave everybody room. Whoever is harassed finds us at the door.",
    (
        "code_of_conduct",
        "de",
    ): "Freundlich sein, zuhören, allen Raum lassen. Wer belästigt wird, findet uns am Einlass.",
}
