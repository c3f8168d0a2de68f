"""Forms: what was typed, what is wrong with it at which field, and typed values; contents are kept when something is wrong.

form = Form(request.form)
name, due_on = form.text("name"), form.day("due_on")
if form.errors:
    return render_template("sponsor.html", form=form), 422
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from flask import Flask

from shared.clock import utc
from shared.errors import InvalidInput
from shared.money import Money
from shared.web.i18n import gettext as _

ADDRESS = re.compile(r"[^@\s<>\"(),;:\\\[\]]+@[^@\s.]+(\.[^@\s.]+)+")

TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Signs that turn the direction of what stands around them: no name needs them, and one can be made to look like another."""


class Form:
    """`values` are the texts as typed (or those to begin with), `errors` sentences by field.

    A field that is wrong reads as its empty value.
    """

    def __init__(self, values: Mapping[str, object] | None = None) -> None:
        self.values = {name: "" if value is None else str(value) for name, value in (values or {}).items()}
        self.errors: dict[str, str] = {}

    def text(self, name: str, *, required: bool = True, longest: int = 200, lines: bool = False) -> str:
        value = self.values.get(name, "").strip().replace("\r\n", "\n")
        if required and not value:
            self.wrong(name, _("Please fill this in."))
        elif len(value) > longest:
            self.wrong(name, _("At most %(longest)s characters, please.", longest=longest))
        elif any((ord(c) < 32 and not (lines and c in "\n\t")) or c in TURNING for c in value):
            self.wrong(name, _("This contains characters that cannot be read."))
        else:
            return value
        return ""

    def email(self, name: str, *, required: bool = True) -> str:
        value = self.text(name, required=required, longest=254)
        if value and not ADDRESS.fullmatch(value):
            self.wrong(name, _("This is no e-mail address: it should look like name@example.org."))
            return ""
        return value

    def choice(self, name: str, allowed: Iterable[str], *, required: bool = True) -> str:
        value = self.text(name, required=required)
        if value and value not in set(allowed):
            self.wrong(name, _("Please choose one of these."))
            return ""
        return value

    def integer(self, name: str, *, lowest: int = 0, highest: int = 1_000_000, required: bool = True) -> int | None:
        """None where nothing was typed."""
        value = self.text(name, required=required)
        if not value:
            return None
        if not re.fullmatch(r"-?[0-9]{1,12}", value) or not lowest <= int(value) <= highest:
            span = {"lowest": lowest, "highest": highest}
            self.wrong(name, _("A whole number from %(lowest)s to %(highest)s, please.", **span))
            return None
        return int(value)

    def money(self, name: str, currency: str, *, required: bool = True) -> Money | None:
        """`1234.50`, `1.234,50` and `1,234.50` are the same. Never negative."""
        value = self.text(name, required=required).replace(" ", "").replace("\xa0", "")
        if not value:
            return None
        decimals = re.fullmatch(r"(.*)[.,]([0-9]{1,2})", value)
        whole, cents = (decimals[1], decimals[2]) if decimals else (value, "")
        try:
            amount = Decimal(f"{re.sub(r'[.,](?=[0-9]{3}(?:[.,]|$))', '', whole)}.{cents or '0'}")
        except InvalidOperation:
            amount = Decimal(-1)
        if not 0 <= amount < 10_000_000 or not re.fullmatch(r"[0-9.,]+", value):
            self.wrong(name, _("An amount like 1234.50, please."))
            return None
        return Money(int(amount * 100), currency)

    def day(self, name: str, *, required: bool = True) -> date | None:
        value = self.text(name, required=required)
        try:
            return date.fromisoformat(value) if value else None
        except ValueError:
            self.wrong(name, _("A date like 2027-06-07, please."))
            return None

    def moment(self, name: str, zone: str, *, required: bool = True) -> datetime | None:
        """A local date and time in the conference's zone, as UTC."""
        value = self.text(name, required=required)
        try:
            return utc(datetime.fromisoformat(value).replace(tzinfo=ZoneInfo(zone))) if value else None
        except ValueError:
            self.wrong(name, _("A date and time like 2027-06-07 09:00, please."))
            return None

    def checked(self, name: str) -> bool:
        return self.values.get(name, "") not in ("", "no", "false")

    def wrong(self, name: str, sentence: str) -> None:
        """Say at a field what is wrong; the first sentence stays. The name `""` is for the form as a whole."""
        self.errors.setdefault(name, sentence)

    def refused(self, error: InvalidInput) -> None:
        """Show what a use case refused: at its fields where it names them, else above the form."""
        fields = error.facts.get("errors")
        if isinstance(fields, Mapping) and fields:
            for name, sentences in fields.items():
                self.wrong(str(name), " ".join(sentences) if isinstance(sentences, (list, tuple)) else str(sentences))
        else:
            self.wrong("", _(str(error)))


def install(app: Flask) -> None:
    app.jinja_env.globals["empty_form"] = Form
