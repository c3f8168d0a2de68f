"""The demo's history, played by a simulated clock on the installation's own databases, log and fake Stripe."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from infra.demo.history import EARLY_BIRDS, LEFT, write_history
from infra.rehearsal.cast import attendee
from infra.rehearsal.play import Play
from infra.rehearsal.stage import MailSink, Stage
from infra.rehearsal.team import Team
from services.ticket.app import SERVICE as TICKET
from services.ticket.store import conferences
from shared.clock import SimulatedClock
from shared.config import Settings
from shared.ids import RandomIds
from shared.log import open_log
from shared.runtime import Runtime

LAZY = ("forget_letter", "forget_unconfirmed")
LAST_SALES = timedelta(hours=5)
"""Before now: the last early birds but three are bought."""
BANK_AFTER = timedelta(days=14, hours=7)
"""From the opening: finance looked into the bank for the last time, so the reminder that fell due since waits."""
CREW_AFTER = timedelta(days=20)
MOST_AT_ONCE = 5


def play_demo(runtime: Runtime) -> None:
    """What `infra.demo.play_demo` promises."""
    settings = runtime.settings
    if settings.stripe_key.startswith(("sk_live", "rk_live")) or has_demo(runtime):
        return
    script = write_history(runtime.clock.now())
    sink = MailSink(keeps_attachments=True)  # the mailbox keeps them too; real mail is never sent to made-up people
    stage = Stage(
        replace(settings, stripe_key="", smtp_url=""),
        open_log(settings.log_at, settings.topic_prefix),
        SimulatedClock(script.scenery.opens_at),
        RandomIds(),
        mailer=sink,
        stripe_data=_stripe_file(settings),
        lazy=LAZY,
    )
    try:
        play = Play(script, stage, sink, Team(stage, script.scenery, key="DEMO", actor="system"))
        play.open()
        opens_at, now = script.scenery.opens_at, script.scenery.ends_at
        play.agenda.at(opens_at + BANK_AFTER, play.team.look_into_the_bank)
        play.agenda.at(opens_at + CREW_AFTER, lambda: play.team.count_extra_eaters(12, "Crew"))
        play.agenda.at(now - LAST_SALES, lambda: _buy_all_but(play, LEFT))
        play.agenda.play(until=now)
    finally:
        stage.close()


def has_demo(runtime: Runtime) -> bool:
    """Whether a demo conference was made here before, even if it is gone again."""
    with runtime.database(TICKET).reading() as connection:
        return any(each.is_demo for each in conferences.list_conferences(connection))


def _buy_all_but(play: Play, left: int) -> None:
    """Buy early birds, party by party, until so many are left."""
    draw = random.Random(EARLY_BIRDS)
    number = 0
    while (rest := _early_birds_left(play) - left) > 0:
        number += 1
        party = [
            attendee(draw, f"today-{number}-{place}", student=False) for place in range(min(rest, MOST_AT_ONCE, number))
        ]
        for basket in play.shop.order(
            party, f"demo-{play.team.conference_id}-{number}", locale=draw.choice(("de", "en"))
        ):
            play.shop.visit(basket)
            play.shop.pay(basket)
            play.shop.come_back(basket)
        play.stage.advance(timedelta(minutes=draw.randint(7, 40)))


def _early_birds_left(play: Play) -> int:
    tier = play.shop.offers()["regular"]["tiers"][0]
    return int(tier["left"] or 0)


def _stripe_file(settings: Settings) -> str:
    """The fake Stripe's memory, so that demo orders can be given back; Stripe itself would not know their payments."""
    return str(Path(settings.home) / "stripe.db") if settings.uses_fake_stripe else ":memory:"
