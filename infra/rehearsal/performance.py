"""A rehearsal from the file to the line."""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from infra.rehearsal.outcome import as_line, outcome, sums_differ
from infra.rehearsal.parts import throw_away
from infra.rehearsal.play import Play
from infra.rehearsal.registrations import Registrations, read_registrations, same_counts
from infra.rehearsal.report import make_report
from infra.rehearsal.script import write_script
from infra.rehearsal.stage import MailSink, Stage, say
from infra.rehearsal.team import Team
from infra.rehearsal.told import Told
from services.catering.domain.edition import Edition, normalized
from services.catering.references import built_in
from shared import logs
from shared.clock import SimulatedClock
from shared.config import Settings
from shared.ids import seeded_ids
from shared.log import Log

LAZY = ("forget_letter", "forget_unconfirmed")
"""Housekeeping that stops no clock: nobody sees whether it happens some hours later."""


@dataclass(frozen=True)
class Performance:
    """The facts of the line, and the report as HTML."""

    facts: dict[str, Any]
    html: str


def perform_and_report(registrations: str | None, stack: str, seed: int, report: str) -> None:
    """What `infra.rehearsal.rehearse` promises."""
    logs.configure("error")  # a Stripe that is away and warned of is part of the play
    gc.collect()
    gc.freeze()  # what is loaded by now stays, and looking for rubbish less often saves a tenth of the time
    gc.set_threshold(50_000, 20, 20)
    read = read_registrations(registrations)
    with throw_away(stack) as parts:
        done = perform(read, seed, parts.settings, parts.log, stack)
    page = Path(report)
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(done.html, encoding="utf-8")
    say(f"The report is {page}.")
    print(as_line(done.facts), flush=True)


def perform(read: Registrations, seed: int, settings: Settings, log: Log, stack: str) -> Performance:
    """Play one file on empty databases and an empty log."""
    began = time.monotonic()
    script = write_script(read, seed)
    scenery = script.scenery
    sink = MailSink()
    stage = Stage(
        settings,
        log,
        SimulatedClock(scenery.opens_at),
        seeded_ids(seed),
        mailer=sink,
        stripe_seed=seed,
        lazy=LAZY,
    )
    try:
        play = Play(script, stage, sink, Team(stage, scenery))
        play.open()
        play.team.learn_from(read.name, [each.name for each in built_in() if is_same(read, each)])
        play.make_trouble()
        play.plan_staff()
        play.plan_notes()
        play.watch(timedelta(days=7), lambda now: say(progress(play, now)))
        play.agenda.play(until=scenery.ends_at)
        told = Told(stage.log)
        facts = outcome(play, told, sink, stack, began)
        for sentence in [*stage.trouble(), *sums_differ(facts, read.sold, read.cancelled)]:
            say(f"Look at this: {sentence}")
        return Performance(facts, make_report(play, told, facts))
    finally:
        stage.close()


def is_same(read: Registrations, edition: Edition) -> bool:
    """Whether a past edition that the forecast learns from is the very one that is played: by its name, or by its counts."""
    mine = [((read.doors_on - day.day).days, day.registered, day.cancelled) for day in read.days]
    theirs = [(day.before, day.registered, day.cancelled) for day in edition.days]
    return normalized(edition.name) == normalized(read.name) or same_counts(mine, theirs)


def progress(play: Play, now: datetime) -> str:
    """One line for people who wait."""
    left = max((play.script.scenery.doors_at - now).days, 0)
    expected = play.forecast()
    return (
        f"{now:%Y-%m-%d}  {left:3d} days to doors  {play.headcount():5d} admissions  "
        f"{expected.p50:5d} expected ({expected.p05} to {expected.p95})"
    )
