"""The order form: everything that was typed is kept, whatever button was pressed and whatever was wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.ticket.domain.billing import Billing
from services.ticket.domain.conference import CONSENT_KINDS
from services.ticket.domain.order import MOST_ATTENDEES
from services.ticket.domain.transfer import TRANSFER, NoTransfer
from services.ticket.domain.voucher import Voucher, prices_of, tidy_code
from services.ticket.handlers import AttendeeWish, OrderWish
from services.ticket.handlers.selling import CARD
from services.ticket.vat_ids import NO_VAT_ID, is_vat_id, tidy_vat_id
from services.ticket.views import Offer, Shop
from services.ticket.web import client
from shared.errors import StagedoorError
from shared.money import Money, total
from shared.web.forms import Form
from shared.web.i18n import gettext as _
from shared.web.i18n import language

COUNTRIES = (
    *(
        "",
        "AT",
        "BE",
        "BG",
        "CH",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GB",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
    ),
    *("LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK", "US"),
)


@dataclass
class OrderForm:
    """What a buyer is filling in. `count` people; `form` has the texts and the sentences at fields."""

    shop: Shop
    form: Form
    count: int
    voucher: Voucher | None = None

    @classmethod
    def empty(cls, shop: Shop, count: int = 1) -> OrderForm:
        return cls(shop, Form(), max(1, min(count, MOST_ATTENDEES)))

    @classmethod
    def typed(cls, shop: Shop, values: Mapping[str, str]) -> OrderForm:
        try:
            count = int(values.get("count", "1"))
        except ValueError:
            count = 1
        return cls(shop, Form(values), max(1, min(count, MOST_ATTENDEES)))

    def value(self, name: str) -> str:
        return self.form.values.get(name, "")

    def error(self, name: str) -> str:
        return self.form.errors.get(name, "")

    def add_person(self) -> None:
        if self.count >= MOST_ATTENDEES:
            self.form.wrong("", _("One order is for at most ten people: order again for the others."))
        else:
            self.count += 1

    def remove_person(self, position: int) -> None:
        """The ones behind move up."""
        values = self.form.values
        if self.count == 1 or not 0 <= position < self.count:
            return
        for at in range(position, self.count):
            for part in ("name", "email", "admission_type"):
                values[f"{part}.{at}"] = values.get(f"{part}.{at + 1}", "") if at + 1 < self.count else ""
        self.count -= 1

    def redeem(self) -> None:
        """A voucher that was just typed lets the first person in who is not yet of its type: nobody looks for it in a list."""
        code = self.voucher.lot.admission_type if self.voucher else ""
        if code and all(self.chosen(position) != code for position in range(self.count)):
            self.form.values["admission_type.0"] = code

    def offers(self) -> list[Offer]:
        """What a person can be: types on sale, and the type of a voucher that was typed."""
        wanted = {self.chosen(position) for position in range(self.count)}
        return [each for each in self._seen() if self._is_open(each) or each.admission_type.code in wanted]

    def _seen(self) -> list[Offer]:
        """The offers that this buyer may see: those of a hidden type with its voucher."""
        kind = self.voucher.lot.admission_type if self.voucher else ""
        return [each for each in self.shop.offers if each in self.shop.shown or each.admission_type.code == kind]

    def chosen(self, position: int) -> str:
        """The admission type of a person: the first one on sale where nothing was chosen yet."""
        code = self.value(f"admission_type.{position}")
        if code:
            return code
        if self.voucher:
            return self.voucher.lot.admission_type
        return next((offer.admission_type.code for offer in self.shop.shown if offer.left > 0), "")

    def _is_open(self, offer: Offer) -> bool:
        return offer.left > 0 or (
            self.voucher is not None and self.voucher.lot.admission_type == offer.admission_type.code
        )

    def can_order(self) -> bool:
        """Whether anything is left for the people in this form; what a voucher keeps is left for its holder."""
        return self.shop.left > 0 or (self.voucher is not None and self.voucher.keeps)

    def prices(self) -> list[Money]:
        """What each person costs now, by the voucher where it is for them; nothing for types that are not on sale."""
        by_code = {offer.admission_type.code: offer.price for offer in self.shop.offers}
        types = [self.chosen(position) for position in range(self.count)]
        return prices_of(types, by_code, self.voucher, self.shop.conference.currency)

    def total(self) -> Money:
        return total(self.prices(), self.shop.conference.currency)

    def shown_total(self) -> Money | None:
        """What the button said that was pressed."""
        text = self.value("shown_total")
        return Money(int(text), self.shop.conference.currency) if text.isascii() and text.isdigit() else None

    @property
    def pays_by_transfer(self) -> bool:
        return self.value("payment_method") == TRANSFER and self.transfer_until() is not None

    def transfer_until(self) -> datetime | None:
        """Up to when a transfer for this order would have to be at the bank; None where only a card will do."""
        codes = [self.chosen(position) for position in range(self.count)]
        return self.shop.transfer_until(bool(self.value("company").strip()), codes)

    def wants_company(self) -> bool:
        """Whether the part about company and invoice is to be open."""
        names = ("company", "address", "city", "vat_id", "purchase_order", "wants_invoice")
        return any(self.value(name) or self.error(name) for name in names) or bool(self.error("country"))

    def wish(self) -> OrderWish | None:
        """The order, or None with sentences at the fields that need another look."""

        def may_be_later(position: int) -> bool:
            return position > 0 and bool(self.value("company").strip())

        form, codes = self.form, [offer.admission_type.code for offer in self._seen()]
        attendees = []
        for at in range(self.count):
            form.values.setdefault(f"admission_type.{at}", self.chosen(at))
            attendees.append(
                AttendeeWish(
                    form.text(f"name.{at}", required=not may_be_later(at)),
                    form.email(f"email.{at}", required=not may_be_later(at)),
                    form.choice(f"admission_type.{at}", codes),
                )
            )
        email = form.email("email", required=False) or attendees[0].email
        billing = read_billing(form, form.checked("wants_invoice"))
        method = form.choice("payment_method", (CARD, TRANSFER), required=False)
        voucher = form.text("voucher", required=False, longest=40)
        if not form.checked("consent"):
            form.wrong("consent", _("We need this before you can order."))
        if form.errors:
            return None
        return OrderWish(
            email=email,
            attendees=tuple(attendees),
            locale=language(),
            company=billing.company,
            country=billing.country,
            billing=billing,
            payment_method=method or CARD,
            voucher=voucher if tidy_code(voucher) else "",
            client=client(),
            expected_total=self.shown_total(),
            consents={kind: self._version(kind) for kind in CONSENT_KINDS if kind in self.shop.versions()},
        )

    def _version(self, kind: str) -> int | bool:
        text = self.value(f"version.{kind}")
        return int(text) if text.isascii() and text.isdigit() else True

    def refused(self, error: StagedoorError) -> None:
        """Show what the use case refused: at its field, or above the form."""
        fields = error.facts.get("errors")
        if isinstance(fields, Mapping) and fields:
            for name, sentences in fields.items():
                self.form.wrong(_field(str(name)), " ".join(_(str(sentence)) for sentence in sentences))
        else:
            self.form.wrong("payment_method" if isinstance(error, NoTransfer) else "", _(str(error)))


def _field(path: str) -> str:
    """`attendees.1.admission_type` is the field `admission_type.1` here."""
    parts = path.split(".")
    return f"{parts[2]}.{parts[1]}" if parts[0] == "attendees" and len(parts) == 3 else path


def read_billing(form: Form, wants_invoice: bool) -> Billing:
    """Whom the invoice is made out to, with sentences at the fields that need another look."""
    lines = form.text("address", required=False, longest=300, lines=True).splitlines()
    country = form.choice("country", COUNTRIES, required=False)
    vat_id = form.text("vat_id", required=False, longest=20)
    if vat_id and not is_vat_id(vat_id, country):
        form.wrong("vat_id", _(NO_VAT_ID))
    return Billing(
        company=form.text("company", required=False),
        address=tuple(line.strip() for line in lines if line.strip()),
        postcode=form.text("postcode", required=False, longest=20),
        city=form.text("city", required=False, longest=100),
        country=country,
        vat_id=tidy_vat_id(vat_id),
        purchase_order=form.text("purchase_order", required=False, longest=60),
        wants_invoice=wants_invoice,
    )
