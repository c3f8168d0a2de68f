"""What finance types about a conference's seller, read into the domain's words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from services.ticket.domain.conference import Conference
from services.ticket.domain.transfer import COMPANY_DAYS, DAYS, PAST_TIER_DAYS, PayTerms
from services.ticket.store.sellers import Sale, Seller
from services.ticket.vat_ids import NO_VAT_ID, is_vat_id, tidy_vat_id
from shared.documents.reference import checked_iban
from shared.errors import InvalidInput
from shared.web.forms import Form
from shared.web.i18n import gettext as _

PREFIX = "TK"
TEXTS = (
    "name",
    "postcode",
    "city",
    "country",
    "email",
    "vat_id",
    "tax_number",
    "register",
    "represented_by",
    "account_holder",
    "iban",
    "bic",
    "account_id",
    "prefix",
)


def filled(conference: Conference, sale: Sale | None, other: Seller | None = None) -> Form:
    """With what is known: the seller, another conference's seller, or what the shop says already."""
    terms = sale.terms if sale else PayTerms(DAYS, COMPANY_DAYS, PAST_TIER_DAYS)
    days = {"days": terms.days, "company_days": terms.company_days, "past_tier_days": terms.past_tier_days}
    seller = sale.seller if sale else other
    if seller is None:
        return Form(
            {"name": conference.seller, "email": conference.reply_to, "prefix": PREFIX, "country": "DE", **days}
        )
    texts = {name: getattr(seller, name) for name in TEXTS}
    return Form({**texts, "address": "\n".join(seller.address), "seller_id": seller.seller_id, **days})


def read(form: Form, before: Sale | None, known: Sequence[Seller], new_id: str) -> Sale | None:
    """None where fields need another look. The prefix of numbers that were given out never changes."""
    chosen = before.seller if before else next((s for s in known if s.seller_id == form.values.get("seller_id")), None)
    country = form.text("country", longest=2).upper()
    if country and not re.fullmatch("[A-Z]{2}", country):
        form.wrong("country", _("Two letters, like DE, FR or US."))
    lines = [line.strip() for line in form.text("address", longest=300, lines=True).splitlines() if line.strip()]
    if len(lines) > 3:
        form.wrong("address", _("At most three lines above the city."))
    vat_id = tidy_vat_id(form.text("vat_id", required=False, longest=20))
    if vat_id and not is_vat_id(vat_id, country):
        form.wrong("vat_id", _(NO_VAT_ID))
    tax_number = form.text("tax_number", required=False, longest=40)
    if not vat_id and not tax_number:
        form.wrong("vat_id", _("An invoice names the seller's VAT id or tax number: fill in one of them."))
    iban = form.text("iban", required=False, longest=42)
    if iban:
        try:
            iban = checked_iban(iban)
        except InvalidInput as error:
            form.wrong("iban", _(str(error)))
    bic = form.text("bic", required=False, longest=11).upper()
    if len(bic) not in (0, 8, 11):
        form.wrong("bic", _("A BIC has 8 or 11 signs."))
    prefix = chosen.prefix if chosen else form.text("prefix", longest=12).upper()
    if prefix and not re.fullmatch(r"[A-Z][A-Z0-9]*", prefix):
        form.wrong("prefix", _("Capital letters and digits, beginning with a letter."))
    days = form.integer("days", lowest=2, highest=60)
    company_days = form.integer("company_days", lowest=2, highest=90)
    past_tier_days = form.integer("past_tier_days", lowest=0, highest=60)
    seller = Seller(
        seller_id=chosen.seller_id if chosen else new_id,
        name=form.text("name"),
        address=tuple(lines),
        postcode=form.text("postcode", longest=20),
        city=form.text("city", longest=100),
        country=country,
        email=form.email("email"),
        vat_id=vat_id,
        tax_number=tax_number,
        register=form.text("register", required=False),
        represented_by=form.text("represented_by", required=False),
        account_holder=form.text("account_holder", required=False, longest=70),
        iban=iban,
        bic=bic,
        account_id=form.text("account_id", required=False, longest=40),
        prefix=prefix,
    )
    if form.errors or days is None or company_days is None or past_tier_days is None:
        return None
    return Sale(seller, PayTerms(days, company_days, past_tier_days))
