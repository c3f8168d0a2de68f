"""The people behind the conference: they open it, sign sponsors, look into the bank once a week, count extra eaters.

They do it by the services' own use cases, as their pages do.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from infra.rehearsal.cast import SponsorPart
from infra.rehearsal.scenery import CURRENCY, Scenery
from infra.rehearsal.stage import Stage
from services.catering import kitchen
from services.catering import store as catering_store
from services.catering.app import SERVICE as CATERING
from services.sponsor_invoice import handlers as finance
from services.sponsor_invoice.app import SERVICE as SPONSORS
from services.sponsor_invoice.domain.sponsorship import Package, PackageBenefit
from services.sponsor_invoice.domain.vat import VatId
from services.sponsor_invoice.store import Person, Seller, Sponsor
from services.ticket.app import SERVICE as TICKET
from services.ticket.domain.transfer import PayTerms
from services.ticket.handlers import change_conference, open_conference, record_by_hand
from services.ticket.handlers.admitting import make_pass
from services.ticket.store import sellers
from services.ticket.store.conferences import load_quotas
from services.ticket.store.doors import DoorPass
from services.ticket.store.sellers import Sale
from services.ticket.store.sellers import Seller as TicketSeller
from shared.database import Database
from shared.money import Money

STAFF = "console:stf_rehearsal"
PACKAGES = (("Gold", 595_000, 5, False), ("Silver", 297_500, 3, True), ("Bronze", 119_000, 2, False))
"""Name, gross price, vouchers, whether these wait for the money."""


@dataclass
class Signed:
    """A sponsor under contract."""

    part: SponsorPart
    sponsorship_id: str
    invoice_id: str
    signed_on: date


@dataclass
class Team:
    """`key` keeps what two teams enter in one installation apart; it begins the seller's invoice numbers too."""

    stage: Stage
    scenery: Scenery
    key: str = "R"
    actor: str = STAFF
    conference_id: str = ""
    signed: dict[int, Signed] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return self.stage.now.astimezone(ZoneInfo(self.scenery.plan.time_zone)).date()

    def open(self) -> str:
        """Put the conference on sale; name the seller, the caterer and the packages. Returns the conference's id."""
        with self._database("ticket").transaction(self.actor) as tx:
            self.conference_id = open_conference(tx, self.scenery.plan).conference_id
            sellers.save_sale(tx, self.conference_id, Sale(self._ticket_seller(), PayTerms()))
        self.stage.settle()
        plan = self.scenery.plan
        with self._database("sponsor_invoice").transaction(self.actor) as tx:
            finance.define_seller(tx, self._seller())
            for name, price, vouchers, wait in PACKAGES:
                benefits = (
                    PackageBenefit("vouchers", vouchers, "sponsor"),
                    PackageBenefit("deliverable", 1, "", "Logo on the web site and on the stage"),
                )
                package = Package(
                    id=self._package_id(name),
                    conference_id=self.conference_id,
                    name=name,
                    price=Money(price, CURRENCY),
                    benefits=benefits,
                    vouchers_wait=wait,
                )
                finance.define_package(tx, package)
        with self._database("catering").transaction(self.actor) as tx:
            kitchen.name_caterer(tx, self.conference_id, "Küche Kanal", "bestellung@kueche-kanal.example", "de")
        self.stage.settle()
        return plan.slug

    def sign(self, place: int, part: SponsorPart) -> Signed:
        sponsor_id, contact_id, sponsorship_id = (
            f"{prefix}_{self.conference_id.removeprefix('con_')}{place}" for prefix in ("spo", "per", "shp")
        )
        sponsor = Sponsor(
            id=sponsor_id,
            name=part.name,
            address=(f"Hafenstraße {place + 3}",),
            postcode=part.postcode,
            city=part.city,
            country="DE",
            vat_id=VatId(),
            contact_id=contact_id,
        )
        email = f"{part.contact.replace(' ', '.')}@sponsor-{place}.example".lower()
        with self._database("sponsor_invoice").transaction(self.actor) as tx:
            finance.enter_sponsor(tx, sponsor, Person(contact_id, part.contact, email, "de"))
            invoice_id = finance.sign_sponsorship(
                tx,
                sponsorship_id=sponsorship_id,
                package_id=self._package_id(part.package),
                sponsor_id=sponsor_id,
                seller_id=self._seller().id,
                signed_on=self.today,
            )
        signed = self.signed[place] = Signed(part, sponsorship_id, invoice_id or "", self.today)
        return signed

    def look_into_the_bank(self) -> None:
        """Enter what sponsors have paid, as the bank booked it, then confirm the bank up to today."""
        with self._database("sponsor_invoice").transaction(self.actor) as tx:
            for signed in self.signed.values():
                after = signed.part.pays_after
                booked_on = signed.signed_on + timedelta(days=after) if after is not None else None
                if booked_on is not None and booked_on <= self.today:
                    finance.record_payment(
                        tx,
                        payment_id=f"pay_{signed.invoice_id.removeprefix('inv_')}",
                        invoice_id=signed.invoice_id,
                        amount=Money(_price(signed.part.package), CURRENCY),
                        booked_on=booked_on,
                    )
            finance.confirm_bank(tx, account_id=self._seller().account_id, until=self.today, today=self.today)

    def enter_transfer(self, reference: str, amount: Money) -> None:
        """A buyer's transfer, as it stands on the statement."""
        with self._database("ticket").transaction(self.actor) as tx:
            staff = self.actor.removeprefix("console:")
            record_by_hand(tx, staff, self.conference_id, reference, amount, self.today, "A company", "")

    def close_the_house(self) -> None:
        """Not a place more than are taken: from now on it is sold out."""
        with self._database("ticket").transaction(self.actor) as tx:
            taken = sum(quota.taken for quota in load_quotas(tx.connection, self.conference_id))
            change_conference(tx, self.conference_id, capacity=taken)

    def find_room(self) -> None:
        """All of the house is open again."""
        with self._database("ticket").transaction(self.actor) as tx:
            change_conference(tx, self.conference_id, capacity=self.scenery.plan.capacity)

    def make_pass(self) -> DoorPass:
        """For whoever stands at the door."""
        with self._database("ticket").transaction(self.actor) as tx:
            return make_pass(tx, self.conference_id, "Entrance", (), self.scenery.ends_at, self.actor)

    def give_up(self, place: int) -> None:
        """Write an invoice off as uncollectible."""
        with self._database("sponsor_invoice").transaction(self.actor) as tx:
            finance.write_off(tx, invoice_id=self.signed[place].invoice_id)

    def count_extra_eaters(self, change: int, note: str) -> None:
        """For every meal."""
        with self._database("catering").reading() as connection:
            meals = catering_store.list_meals(connection, self.conference_id)
        with self._database("catering").transaction(self.actor) as tx:
            for meal in meals:
                kitchen.enter_extra_eaters(tx, meal.meal_id, change, note)

    def learn_from(self, series: str, excluded: list[str]) -> None:
        """Say which past editions the forecast may not look at."""
        with self._database("catering").transaction(self.actor) as tx:
            kitchen.plan_forecast(tx, self.conference_id, series, excluded)

    def _database(self, name: str) -> Database:
        services = {"ticket": TICKET, "sponsor_invoice": SPONSORS, "catering": CATERING}
        return self.stage.runtime.database(services[name])

    def _package_id(self, name: str) -> str:
        return f"pkg_{self.conference_id.removeprefix('con_')}{name.lower()}"

    def _ticket_seller(self) -> TicketSeller:
        """The same body, with numbers of its own for tickets."""
        facts = asdict(self._seller())
        return TicketSeller(seller_id=facts.pop("id"), **{**facts, "prefix": f"{self.key}T"})

    def _seller(self) -> Seller:
        return Seller(
            id=f"sel_{self.key.lower()}",
            name="Verein der Bühnentechnik e. V.",
            address=("Kanalstraße 9",),
            postcode="10999",
            city="Berlin",
            country="DE",
            email="finanzen@buehnentechnik.example",
            vat_id="DE136695976",
            tax_number="",
            register="Amtsgericht Charlottenburg, VR 4711 B",
            represented_by="",
            account_id=f"acc_{self.key.lower()}",
            account_holder="Verein der Bühnentechnik e. V.",
            iban="DE89370400440532013000",
            bic="COBADEFFXXX",
            prefix=self.key,
        )


def _price(package: str) -> int:
    return next(price for name, price, _, _ in PACKAGES if name == package)
