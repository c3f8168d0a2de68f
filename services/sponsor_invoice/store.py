"""Sellers, packages, sponsors, their people and what they signed: loaded and saved, one function for each.

Loading for a change locks. What is owed is in `owed.py`, what pages ask for in `views.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, bindparam, delete, func, select, update

from services.sponsor_invoice import tables as t
from services.sponsor_invoice.domain.sponsorship import Benefit, Package, PackageBenefit, Sponsorship
from services.sponsor_invoice.domain.vat import VatId
from shared.database import Transaction
from shared.database.upsert import insert
from shared.errors import NotFound
from shared.money import Money

PERSON: Final = "sponsorship:"
"""Before a person's id on events."""


@dataclass(frozen=True, slots=True)
class Seller:
    """The body that issues. `account_id` names its bank account on topics; `prefix` begins its invoices' numbers."""

    id: str
    name: str
    address: tuple[str, ...]
    postcode: str
    city: str
    country: str
    email: str
    vat_id: str
    tax_number: str
    register: str
    represented_by: str
    account_id: str
    account_holder: str
    iban: str
    bic: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Sponsor:
    """An organisation. `contact_id` is the person who gets its invoices."""

    id: str
    name: str
    address: tuple[str, ...]
    postcode: str
    city: str
    country: str
    vat_id: VatId
    contact_id: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody's name and address, which leave this service only on demand."""

    id: str
    name: str
    email: str
    locale: str


def conference(connection: Connection, conference_id: str) -> Row[Any]:
    """What the ticket service said about a conference. Raises `NotFound`."""
    row = connection.execute(select(t.conferences).where(t.conferences.c.conference_id == conference_id)).first()
    if row is None:
        raise NotFound("This conference is not known here (yet): it must be open in the ticket service.")
    return row


def zone(row: Row[Any]) -> ZoneInfo:
    return ZoneInfo(row.time_zone)


def days(row: Row[Any]) -> list[date]:
    """The conference's days, rising."""
    return sorted(date.fromisoformat(day) for day in row.days)


_SAVE_SELLER = insert(t.sellers)
_SAVE_SELLER = _SAVE_SELLER.on_conflict_do_update(
    index_elements=["id"],
    set_={c.name: _SAVE_SELLER.excluded[c.name] for c in t.sellers.c if c.name not in ("id", "account_id", "prefix")},
)


def save_seller(tx: Transaction, seller: Seller) -> None:
    """Its account and prefix stay what they were: numbers and confirmations hang on them."""
    tx.execute(_SAVE_SELLER, {**asdict(seller), "address": list(seller.address)})


def load_seller(connection: Connection, seller_id: str) -> Seller:
    row = connection.execute(select(t.sellers).where(t.sellers.c.id == seller_id)).first()
    if row is None:
        raise NotFound("There is no such seller: enter the body that issues your invoices first.")
    return _seller(row)


def list_sellers(connection: Connection) -> list[Seller]:
    return [_seller(row) for row in connection.execute(select(t.sellers).order_by(t.sellers.c.name, t.sellers.c.id))]


def _seller(row: Row[Any]) -> Seller:
    return Seller(**{**row._mapping, "address": tuple(row.address)})


_SAVE_PACKAGE = insert(t.packages)
_SAVE_PACKAGE = _SAVE_PACKAGE.on_conflict_do_update(
    index_elements=["id"],
    set_={c.name: _SAVE_PACKAGE.excluded[c.name] for c in t.packages.c if c.name not in ("id", "conference_id")},
)


def save_package(tx: Transaction, package: Package) -> None:
    values = {
        **{name: getattr(package, name) for name in ("id", "conference_id", "name", "in_kind", "cap", "vat_rate")},
        "price": package.price.amount,
        "currency": package.price.currency,
        "exemption": package.exemption,
        "benefits": [asdict(benefit) for benefit in package.benefits],
        "vouchers_wait": package.vouchers_wait,
    }
    tx.execute(_SAVE_PACKAGE, values)


def load_package(connection: Connection, package_id: str, *, lock: bool = False) -> Package:
    statement = select(t.packages).where(t.packages.c.id == package_id)
    row = connection.execute(statement.with_for_update() if lock else statement).first()
    if row is None:
        raise NotFound("There is no such package: define it first.")
    return package_of(row)


def package_of(row: Row[Any]) -> Package:
    return Package(
        id=row.id,
        conference_id=row.conference_id,
        name=row.name,
        price=Money(row.price, row.currency),
        in_kind=row.in_kind,
        cap=row.cap,
        vat_rate=row.vat_rate,
        exemption=row.exemption,
        benefits=tuple(PackageBenefit(**benefit) for benefit in row.benefits),
        vouchers_wait=row.vouchers_wait,
    )


def count_taken(connection: Connection, package_id: str) -> int:
    """Sponsorships of a package that stand. Lock the package first."""
    held = t.sponsorships
    counted = select(func.count()).where(held.c.package_id == package_id, held.c.ended.is_(False))
    return int(connection.execute(counted).scalar_one())


_SAVE_SPONSOR = insert(t.sponsors)
_SAVE_SPONSOR = _SAVE_SPONSOR.on_conflict_do_update(
    index_elements=["id"], set_={c.name: _SAVE_SPONSOR.excluded[c.name] for c in t.sponsors.c if c.name != "id"}
)


def save_sponsor(tx: Transaction, sponsor: Sponsor) -> None:
    """A new contact gets what still goes out for agreements of old."""
    values = {
        **{name: getattr(sponsor, name) for name in ("id", "name", "postcode", "city", "country", "contact_id")},
        "address": list(sponsor.address),
        "vat_id": sponsor.vat_id.number,
        "vat_id_confirmed_on": sponsor.vat_id.confirmed_on,
    }
    tx.execute(_SAVE_SPONSOR, values)
    held = t.sponsorships
    theirs = update(held).where(held.c.sponsor_id == sponsor.id, held.c.contact_id != sponsor.contact_id)
    tx.execute(theirs.values(contact_id=sponsor.contact_id))


def load_sponsor(connection: Connection, sponsor_id: str) -> Sponsor:
    row = connection.execute(select(t.sponsors).where(t.sponsors.c.id == sponsor_id)).first()
    if row is None:
        raise NotFound("There is no such sponsor: enter the organisation first.")
    return _sponsor(row)


def list_sponsors(connection: Connection) -> list[Sponsor]:
    return [
        _sponsor(row) for row in connection.execute(select(t.sponsors).order_by(t.sponsors.c.name, t.sponsors.c.id))
    ]


def _sponsor(row: Row[Any]) -> Sponsor:
    facts = {name: getattr(row, name) for name in ("id", "name", "postcode", "city", "country", "contact_id")}
    return Sponsor(**facts, address=tuple(row.address), vat_id=VatId(row.vat_id, row.vat_id_confirmed_on))


_SAVE_PERSON = insert(t.people)
_SAVE_PERSON = _SAVE_PERSON.on_conflict_do_update(
    index_elements=["id"], set_={c.name: _SAVE_PERSON.excluded[c.name] for c in t.people.c if c.name != "id"}
)


def save_person(tx: Transaction, person: Person) -> None:
    tx.execute(_SAVE_PERSON, asdict(person))


def load_people(connection: Connection, ids: Collection[str]) -> Mapping[str, Person]:
    """Those of them who are still here, by id."""
    rows = connection.execute(select(t.people).where(t.people.c.id.in_(list(ids))))
    return {row.id: Person(**row._mapping) for row in rows}


def erase_person(tx: Transaction, person_id: str) -> bool:
    """Forget somebody. Returns whether they were here."""
    return tx.execute(delete(t.people).where(t.people.c.id == person_id).returning(t.people.c.id)).first() is not None


def add_sponsorship(tx: Transaction, held: Sponsorship, *, seller_id: str, order_number: str) -> None:
    values = {
        name: getattr(held, name) for name in ("id", "conference_id", "package_id", "package", "sponsor_id", "sponsor")
    }
    values |= {
        "seller_id": seller_id,
        "contact_id": held.contact.removeprefix(PERSON),
        "order_number": order_number,
        "price": held.price.amount,
        "currency": held.price.currency,
        "in_kind": held.in_kind,
        "signed_on": held.signed_on,
        "vouchers_wait": held.vouchers_wait,
        "ended": held.ended,
    }
    tx.execute(t.sponsorships.insert(), values)
    if held.benefits:
        tx.execute(
            t.benefits.insert(),
            [{**asdict(b), "sponsorship_id": held.id, "place": place} for place, b in enumerate(held.benefits)],
        )


_SET_BENEFIT = update(t.benefits).where(t.benefits.c.id == bindparam("b_id")).values(state=bindparam("b_state"))


def save_sponsorship(tx: Transaction, held: Sponsorship) -> None:
    """What can change after signing: whether it ended, and the state of its benefits."""
    tx.execute(update(t.sponsorships).where(t.sponsorships.c.id == held.id).values(ended=held.ended))
    if held.benefits:
        tx.execute(_SET_BENEFIT, [{"b_id": b.id, "b_state": b.state} for b in held.benefits])


def load_sponsorship(
    connection: Connection, sponsorship_id: str, *, lock: bool = False
) -> tuple[Sponsorship, Row[Any]]:
    """The agreement, and its row for what is not the domain's (`seller_id`, `contact_id`, `order_number`)."""
    statement = select(t.sponsorships).where(t.sponsorships.c.id == sponsorship_id)
    row = connection.execute(statement.with_for_update() if lock else statement).first()
    if row is None:
        raise NotFound("There is no such sponsorship.")
    promised = connection.execute(
        select(t.benefits).where(t.benefits.c.sponsorship_id == sponsorship_id).order_by(t.benefits.c.place)
    )
    held = Sponsorship(
        id=row.id,
        conference_id=row.conference_id,
        package_id=row.package_id,
        package=row.package,
        sponsor_id=row.sponsor_id,
        sponsor=row.sponsor,
        contact=PERSON + row.contact_id,
        price=Money(row.price, row.currency),
        in_kind=row.in_kind,
        signed_on=row.signed_on,
        vouchers_wait=row.vouchers_wait,
        ended=row.ended,
        benefits=[_benefit(each) for each in promised],
    )
    return held, row


def _benefit(row: Row[Any]) -> Benefit:
    facts = row._mapping  # `row.count` is a tuple's method
    return Benefit(row.id, row.kind, facts["count"], row.admission_type, row.description, row.state)


def exists(connection: Connection, table: Any, id: str) -> bool:
    """Whether a row with this id is there: a form that was sent twice does its work once."""
    return connection.execute(select(table.c.id).where(table.c.id == id)).first() is not None
