"""A script, played on a stage: its buyers, sponsors and staff do what is planned, when it is planned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from infra.rehearsal.agenda import Agenda
from infra.rehearsal.buyers import DECLINED_CARD, TURNED_DOWN, Basket, Shop
from infra.rehearsal.cast import Attendee
from infra.rehearsal.entrance import TURN, TURNS, Entrance
from infra.rehearsal.readers import ask_for_reminders, confirm_reminders, join_the_line, offered_code
from infra.rehearsal.scenery import DAYS_BEFORE, ZONE
from infra.rehearsal.script import OrderPart, Script
from infra.rehearsal.stage import MailSink, Stage
from infra.rehearsal.team import Team
from services.catering.app import SERVICE as CATERING
from services.catering.counting import count, expect
from services.catering.facts import load_conference
from services.ticket.app import SERVICE as TICKET
from services.ticket.domain.local_time import at_local
from services.ticket.store import vouchers
from shared.errors import Conflict
from shared.events.catering import Interval
from shared.money import Money

BANK_TIME = time(17)
BANK_EVERY = timedelta(days=7)
LOOKS = timedelta(seconds=40)
"""How long buyers read before they go on to pay."""
STRIPE_AWAY = (timedelta(minutes=29), timedelta(minutes=42))
"""From the order of one who pays late: Stripe's API is away in between, its payment page is not."""
LATE_VISIT = timedelta(minutes=28)


@dataclass
class Seen:
    """What was written down on the way."""

    forecasts: list[tuple[int, Interval]] = field(default_factory=list)
    """Days before doors, and what was expected at noon of that day."""
    at_doors: int = 0
    """Admissions that stood when doors opened, as catering counts them."""


class Play:
    """Plays one script, once. `sink` takes the mails; `watch` is called at the end of every week with the instant."""

    def __init__(self, script: Script, stage: Stage, sink: MailSink, team: Team) -> None:
        self.script = script
        self.stage = stage
        self.team = team
        self.seen = Seen()
        self.agenda = Agenda(stage)
        self._sink = sink
        self._zone = script.scenery.plan.time_zone
        self.shop = Shop(stage, script.scenery.plan.slug)
        self.entrance = Entrance(stage, team)

    def open(self) -> None:
        """Open the conference, and plan what buyers, sponsors and readers do. The stage stands at the opening."""
        self.team.open()
        scenery = self.script.scenery
        for order in self.script.orders:
            self.agenda.at(order.at, self._bound(self._order, order))
            if order.waits:
                self._plan_waiting(order)
        for place, part in enumerate(self.script.sponsors):
            signs_at = scenery.opens_at + timedelta(days=part.signs_after, hours=place)
            self.agenda.at(signs_at, self._bound(self._sign, place))
        for place, at, guest in self.script.guests_at:
            self.agenda.at(at, self._bound(self._redeem, place, guest))
        for at, email, locale in self.script.subscribers:
            self.agenda.at(at, self._bound(ask_for_reminders, self.stage, scenery.plan.slug, email, locale))
            self.agenda.at(at + timedelta(minutes=9), self._bound(confirm_reminders, self.stage, self._sink, email))

    def make_trouble(self) -> None:
        """From now on Stripe's webhooks come late, twice, in another order or not at all."""
        self.shop.turn(**TURNED_DOWN)

    def plan_notes(self) -> None:
        """Write down the forecasts at their noons, and the headcount at doors."""
        for days in DAYS_BEFORE:
            noon = at_local(self.script.scenery.doors_on - timedelta(days=days), time(12), self._zone)
            self.agenda.at(noon, self._bound(self._note_forecast, days))
        doors_at = self.script.scenery.doors_at
        self.agenda.at(doors_at, self._note_headcount)
        for turn in range(TURNS):
            self.agenda.at(doors_at + TURN * (turn + 1), self._bound(self.entrance.let_in, turn))

    def watch(self, every: timedelta, look: Callable[[datetime], None]) -> None:
        """Have somebody look at it, from the opening to the end."""
        scenery = self.script.scenery
        instant = scenery.opens_at
        while instant < scenery.ends_at:
            self.agenda.at(instant, self._bound(look, instant))
            instant += every

    def forecast(self) -> Interval:
        """What catering expects at doors, now."""
        with self.stage.runtime.database(CATERING).reading() as connection:
            return expect(connection, load_conference(connection, self.team.conference_id), self.stage.now)

    def headcount(self) -> int:
        """Admissions that stand now, as catering counts them."""
        with self.stage.runtime.database(CATERING).reading() as connection:
            return count(connection, self.team.conference_id).admissions

    def plan_staff(self) -> None:
        """Extra eaters are counted, the bank is looked into every week, and one invoice is given up in the end."""
        scenery = self.script.scenery
        for days, change, note in ((30, 12, "Crew"), (10, 4, "Technicians"), (5, 2, "Technicians' guests")):
            at = at_local(scenery.doors_on - timedelta(days=days), time(10), ZONE)
            self.agenda.at(at, self._bound(self.team.count_extra_eaters, change, note))
        bank_at = at_local(scenery.opens_at.date() + timedelta(days=6), BANK_TIME, ZONE)
        while bank_at < scenery.ends_at:
            self.agenda.at(bank_at, self.team.look_into_the_bank)
            bank_at += BANK_EVERY
        forgetful = [place for place, part in enumerate(self.script.sponsors) if part.pays_after is None]
        for place in forgetful[:1]:
            at = at_local(scenery.doors_on - timedelta(days=1), time(16), ZONE)
            self.agenda.at(at, self._bound(self.team.give_up, place))

    # What buyers do

    def _order(self, order: OrderPart) -> None:
        baskets = self.shop.order(
            order.attendees,
            f"order-{order.number}",
            locale=order.locale,
            company=order.company,
            voucher=offered_code(self.stage, self._sink, order.email) if order.waits else "",
            by_transfer=order.by_transfer,
        )
        for basket in baskets:
            if order.by_transfer:
                self.agenda.at(order.at + order.pays_after, self._bound(self._transfer, basket))
            else:
                self._go_on(order, basket)

    def _plan_waiting(self, order: OrderPart) -> None:
        """That morning nothing is left; they join the list, and the organisers find room."""
        day, slug, who = order.at.astimezone(ZoneInfo(ZONE)).date(), self.script.scenery.plan.slug, order.attendees[0]
        steps = (self.team.close_the_house, self._bound(join_the_line, self.stage, slug, who), self.team.find_room)
        for minutes, step in enumerate(steps):
            self.agenda.at(at_local(day, time(4, minutes), ZONE), step)

    def _transfer(self, basket: Basket) -> None:
        """The bank booked it, and finance enters it on the same day."""
        owed = self.shop.owed(basket)
        self.team.enter_transfer(owed["reference"], Money(**owed["amount"]))

    def _go_on(self, order: OrderPart, basket: Basket) -> None:
        if order.manner == "never_visits":
            return
        late = order.manner == "pays_late"
        self.agenda.at(order.at + (LATE_VISIT if late else LOOKS), self._bound(self.shop.visit, basket))
        if late:
            away, back = STRIPE_AWAY
            self.agenda.at(order.at + away, self._bound(self.shop.turn, down="503"))
            self.agenda.at(order.at + back, self._bound(self.shop.turn, down="no"))
        if order.manner == "declined":
            self.agenda.at(order.at + order.pays_after, self._bound(self.shop.pay, basket, DECLINED_CARD))
        if order.is_paid:
            self.agenda.at(order.at + order.pays_after, self._bound(self._pay, order, basket))
        if order.cancels_at is not None:
            self.agenda.at(order.cancels_at, self._bound(self.shop.cancel, basket))

    def _pay(self, order: OrderPart, basket: Basket) -> None:
        if order.manner in ("pays_twice", "pays_lapsed"):
            # The other tab's checkout; who pays twice pays both. Of this one only Stripe knows, so if its webhook were lost for
            # good nobody would ever ask about it.
            self.shop.turn(drop_rate=0.0)
            self.shop.pay_again(basket)
            self.shop.turn(drop_rate=TURNED_DOWN["drop_rate"])
        if order.manner == "pays_lapsed":
            return  # our own checkout was closed when the order lapsed
        if not self.shop.pay(basket):
            raise Conflict(f"The bank declined {basket.reference}.")
        if order.comes_back:
            self.shop.come_back(basket)

    # What sponsors and their guests do

    def _sign(self, place: int) -> None:
        self.team.sign(place, self.script.sponsors[place])

    def _redeem(self, place: int, guest: Attendee) -> None:
        code = self._unused_code(self.team.signed[place].sponsorship_id)
        self.shop.order([guest], f"guest-{guest.email}", voucher=code)

    def _unused_code(self, sponsorship_id: str) -> str:
        """The sponsor hands out the codes from the mail; which are left, the ticket service knows."""
        with self.stage.runtime.database(TICKET).reading() as connection:
            lots = vouchers.lots_of(connection, self.team.conference_id)
        for lot_id in [lot.lot_id for lot in lots if lot.sponsorship_id == sponsorship_id]:
            facts = self.stage.runtime.internal("ticket").post("/mail", {"kind": "vouchers", "subject": lot_id})[
                "facts"
            ]
            codes = [code for code in str(facts["codes"]).split(", ") if code]
            if codes:
                return codes[0]
        raise Conflict(f"There is no unused voucher of {sponsorship_id}.")

    # What is written down

    def _note_forecast(self, days: int) -> None:
        self.seen.forecasts.append((days, self.forecast()))

    def _note_headcount(self) -> None:
        self.seen.at_doors = self.headcount()

    @staticmethod
    def _bound(act: Callable[..., object], *arguments: object, **named: object) -> Callable[[], None]:
        def do() -> None:
            act(*arguments, **named)

        return do
