"""Who sells a conference's tickets: what stands on its documents, its bank account, how long a transfer may take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from services.ticket.domain.transfer import PayTerms
from services.ticket.store.billing_tables import conference_sellers, sellers
from shared.database import Transaction
from shared.database.upsert import insert

_NAMES = tuple(column.name for column in sellers.c)
_SALE_OF = (
    sa.select(
        sellers, conference_sellers.c.days, conference_sellers.c.company_days, conference_sellers.c.past_tier_days
    )
    .join(conference_sellers, conference_sellers.c.seller_id == sellers.c.seller_id)
    .where(conference_sellers.c.conference_id == sa.bindparam("conference_id"))
)
_all = insert(sellers)
_SAVE_SELLER = _all.on_conflict_do_update(
    index_elements=["seller_id"], set_={name: _all.excluded[name] for name in _NAMES if name != "seller_id"}
)
_link = insert(conference_sellers)
_SAVE_LINK = _link.on_conflict_do_update(
    index_elements=["conference_id"],
    set_={name: _link.excluded[name] for name in ("seller_id", "days", "company_days", "past_tier_days")},
)
_SELLERS = sa.select(sellers).order_by(sellers.c.name, sellers.c.seller_id)
_CONFERENCES_OF = (
    sa.select(conference_sellers.c.conference_id)
    .join(sellers, sellers.c.seller_id == conference_sellers.c.seller_id)
    .where(sellers.c.account_id == sa.bindparam("account_id"))
)


@dataclass(frozen=True, slots=True)
class Seller:
    """A body that sells. `prefix` begins its invoices' numbers here; `account_id` is its account in the bank's imports."""

    seller_id: str
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
    account_holder: str
    iban: str
    bic: str
    account_id: str
    prefix: str

    @property
    def payee(self) -> str:
        return self.account_holder or self.name


@dataclass(frozen=True, slots=True)
class Sale:
    """Who sells a conference's tickets, and how long a transfer may take there."""

    seller: Seller
    terms: PayTerms

    @property
    def takes_transfers(self) -> bool:
        return bool(self.seller.iban)


def sale_of(connection: sa.Connection, conference_id: str) -> Sale | None:
    """None where nobody has said who sells: then there are no invoices and no transfers."""
    row = connection.execute(_SALE_OF, {"conference_id": conference_id}).first()
    return None if row is None else Sale(_seller(row), PayTerms(row.days, row.company_days, row.past_tier_days))


def save_sale(tx: Transaction, conference_id: str, sale: Sale) -> None:
    """Set who sells; the same seller may sell several conferences, and a change of its facts holds for all."""
    seller = sale.seller
    tx.execute(_SAVE_SELLER, {**{name: getattr(seller, name) for name in _NAMES}, "address": list(seller.address)})
    terms = {"days": sale.terms.days, "company_days": sale.terms.company_days}
    past = {"past_tier_days": sale.terms.past_tier_days}
    tx.execute(_SAVE_LINK, {"conference_id": conference_id, "seller_id": seller.seller_id, **terms, **past})


def list_sellers(connection: sa.Connection) -> list[Seller]:
    return [_seller(row) for row in connection.execute(_SELLERS)]


def conferences_of_account(connection: sa.Connection, account_id: str) -> list[str]:
    """Conferences whose money comes to this account; with an empty one, those whose seller names none."""
    return list(connection.execute(_CONFERENCES_OF, {"account_id": account_id}).scalars())


def _seller(row: Any) -> Seller:
    return Seller(**{name: getattr(row, name) for name in _NAMES if name != "address"}, address=tuple(row.address))
