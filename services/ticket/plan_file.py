"""A conference as one YAML file: all that is needed to open it once more. An error names line and field, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar, cast

import yaml

from services.ticket.domain.conference import LEGAL_KINDS, ConferencePlan, TierPlan, TypePlan
from services.ticket.domain.local_time import at_local, end_of, zone_of
from services.ticket.domain.policy import Step
from shared.errors import InvalidInput

LONGEST = 500_000
T = TypeVar("T")
LANGUAGES = ("en", "de")


def write(plan: ConferencePlan) -> str:
    """The file. Prices are gross, ends of tiers in the conference's time; a tier that ends with a day names the day."""
    facts = {
        "slug": plan.slug,
        "name": plan.name,
        "place": plan.place,
        "time_zone": plan.time_zone,
        "currency": plan.currency,
        "capacity": plan.capacity,
        "days": [each.isoformat() for each in plan.days],
        "doors": plan.doors_time.strftime("%H:%M"),
        "seller": plan.seller,
        "seller_address": plan.seller_address,
        "reply_to": plan.reply_to,
        "description": _both(plan.description_en, plan.description_de),
        "cancellation": [{"until_days_before": step.days, "percent": step.percent} for step in plan.cancellation],
        "types": [_type_out(each, plan) for each in plan.types],
        "legal": {kind: {each: plan.legal_texts.get((kind, each), "") for each in LANGUAGES} for kind in LEGAL_KINDS},
    }
    return yaml.safe_dump(facts, sort_keys=False, allow_unicode=True, width=120)


def read(text: str) -> ConferencePlan:
    """The plan in a file. Raises `InvalidInput` whose `errors` name line and field; what only the whole shows is checked later."""
    if len(text) > LONGEST or not text.strip():
        raise InvalidInput(f"The file is empty, or longer than {LONGEST} characters.")
    try:
        root = yaml.compose(text, yaml.SafeLoader)  # a file of comments alone has none
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        raise InvalidInput(
            f"This is no YAML: {where}{getattr(error, 'problem', None) or 'it cannot be read'}."
        ) from None
    problems: list[str] = []
    top = _Map(root, "", problems)
    zone = top.get("time_zone", _zone, "UTC")
    currency = top.get("currency", _word, "EUR")
    legal = top.part("legal")
    texts = {(kind, each): body for kind in LEGAL_KINDS for each, body in legal.both(kind).items()}
    description = top.both("description")
    plan = ConferencePlan(
        slug=top.get("slug", _word),
        name=top.get("name", _word),
        place=top.get("place", _word),
        time_zone=zone,
        currency=currency,
        capacity=top.get("capacity", int, 0),
        days=tuple(each.value(_day, date.min) for each in top.list("days")),
        doors_time=top.get("doors", time.fromisoformat, time(9)),
        seller=top.get("seller", _word),
        seller_address=top.get("seller_address", str, "", required=False),
        reply_to=top.get("reply_to", _word),
        types=tuple(_type_in(each.map(), zone, currency) for each in top.list("types")),
        legal_texts=texts,
        description_en=description["en"],
        description_de=description["de"],
        cancellation=tuple(_step_in(each.map()) for each in top.list("cancellation")),
    )
    legal.close()
    top.close()
    if problems:
        raise InvalidInput("The file has mistakes: nothing was changed.", errors={"file": problems})
    return plan


class _Value:
    """A node with its place in the file. What is wrong is gathered, so that all of it is seen at once."""

    def __init__(self, node: Any, field: str, problems: list[str]) -> None:
        self.node, self.field, self.problems = node, field, problems

    def wrong(self, sentence: str) -> None:
        mark = self.node.start_mark if self.node is not None else None
        line = mark.line + 1 if mark is not None else 1
        self.problems.append(f"Line {line}, {self.field or 'the file'}: {sentence}")

    def value(self, read_as: Callable[[str], T], otherwise: T) -> T:
        if not isinstance(self.node, yaml.ScalarNode):
            self.wrong("a single value is expected here.")
            return otherwise
        try:
            return read_as(str(self.node.value))
        except (ValueError, InvalidOperation, InvalidInput) as error:
            self.wrong(f"{self.node.value!r} cannot be read: {_said(error)}")
            return otherwise

    def map(self) -> _Map:
        return _Map(self.node, self.field, self.problems)


class _Map(_Value):
    """Names and values. `close` complains of names that nobody asked for."""

    def __init__(self, node: Any, field: str, problems: list[str]) -> None:
        super().__init__(node, field, problems)
        self._known: dict[str, _Value] = {}
        self._asked: set[str] = set()
        if not isinstance(node, yaml.MappingNode):
            self.wrong("names with values are expected here.")
            return
        for key, value in node.value:
            name = str(key.value)
            if name in self._known:
                _Value(key, self._path(name), problems).wrong("this is here twice.")
            self._known[name] = _Value(value, self._path(name), problems)

    def get(self, name: str, read_as: Callable[[str], T], otherwise: T | None = None, *, required: bool = True) -> T:
        self._asked.add(name)
        fallback: Any = "" if otherwise is None else otherwise
        if name not in self._known:
            if required:
                self.wrong(f"{name} is missing.")
            return cast(T, fallback)
        return cast(T, self._known[name].value(read_as, fallback))

    def map_or_none(self, name: str) -> _Map | None:
        self._asked.add(name)
        return self._known[name].map() if name in self._known else None

    def part(self, name: str) -> _Map:
        found = self.map_or_none(name)
        if found is None:
            self.wrong(f"{name} is missing.")
            return _Map(yaml.MappingNode("", []), name, self.problems)
        return found

    def list(self, name: str) -> Sequence[_Value]:
        self._asked.add(name)
        found = self._known.get(name)
        if found is None:
            return []
        if not isinstance(found.node, yaml.SequenceNode):
            found.wrong("a list is expected here.")
            return []
        return [_Value(each, f"{found.field}.{at}", self.problems) for at, each in enumerate(found.node.value, 1)]

    def both(self, name: str) -> dict[str, str]:
        """A text in both languages; either may be missing."""
        found = self.map_or_none(name)
        if found is None:
            return dict.fromkeys(LANGUAGES, "")
        texts = {each: found.get(each, str, "", required=False) for each in LANGUAGES}
        found.close()
        return texts

    def close(self) -> None:
        for name, value in self._known.items():
            if name not in self._asked:
                value.wrong("nobody knows this name.")

    def _path(self, name: str) -> str:
        return f"{self.field}.{name}" if self.field else name


def _type_in(given: _Map, zone: str, currency: str) -> TypePlan:
    names, notes, exemption = given.both("name"), given.both("note"), given.both("exemption")
    made = TypePlan(
        code=given.get("code", _word),
        name_en=names["en"] or names["de"],
        name_de=names["de"] or names["en"],
        tiers=tuple(_tier_in(each.map(), zone) for each in given.list("tiers")),
        sales_start_at=given.get("on_sale_from", _moment(zone), None, required=False) or None,
        vat_rate=given.get("vat_percent", _hundredths, 1900),
        note_en=notes["en"],
        note_de=notes["de"],
        days=tuple(each.value(_day, date.min) for each in given.list("days")),
        exemption_en=exemption["en"],
        exemption_de=exemption["de"],
        is_hidden=given.get("hidden", _yes_or_no, False, required=False),
    )
    given.close()
    return made


def _tier_in(given: _Map, zone: str) -> TierPlan:
    names = given.both("name")
    made = TierPlan(
        names["en"] or names["de"],
        names["de"] or names["en"],
        given.get("price", _hundredths, 0),
        given.get("ends", _moment(zone), None, required=False) or None,
        given.get("cap", int, None, required=False) or None,
    )
    given.close()
    return made


def _step_in(given: _Map) -> Step:
    made = Step(given.get("until_days_before", int, 0), given.get("percent", int, 0))
    given.close()
    return made


def _type_out(each: TypePlan, plan: ConferencePlan) -> dict[str, Any]:
    rate = plan.vat_rate if each.vat_rate is None else each.vat_rate
    facts: dict[str, Any] = {
        "code": each.code,
        "name": _both(each.name_en, each.name_de),
        "vat_percent": _decimal(rate),
    }
    optional = {
        "note": _both(each.note_en, each.note_de) if each.note_en or each.note_de else None,
        "exemption": _both(each.exemption_en, each.exemption_de) if each.exemption_en or each.exemption_de else None,
        "hidden": True if each.is_hidden else None,
        "days": [day.isoformat() for day in each.days] or None,
        "on_sale_from": _local(each.sales_start_at, plan.time_zone),
        "tiers": [_tier_out(tier, plan.time_zone) for tier in each.tiers] or None,
    }
    return {**facts, **{name: value for name, value in optional.items() if value is not None}}


def _tier_out(tier: TierPlan, zone: str) -> dict[str, Any]:
    facts = {
        "name": _both(tier.name_en, tier.name_de),
        "price": _decimal(tier.price),
        "ends": _local(tier.ends_at, zone),
        "cap": tier.cap,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _both(en: str, de: str) -> Mapping[str, str]:
    return {"en": en, "de": de}


def _decimal(hundredths: int) -> str:
    return f"{Decimal(hundredths) / 100:.2f}"


def _local(instant: datetime | None, zone: str) -> str | None:
    """A day where it is the end of one, else day and time, as clocks there show them."""
    if instant is None:
        return None
    there = instant.astimezone(zone_of(zone))
    if there.time() == time(0):
        return date.fromordinal(there.date().toordinal() - 1).isoformat()
    return there.strftime("%Y-%m-%dT%H:%M")


def _moment(zone: str) -> Callable[[str], datetime | None]:
    def read_as(text: str) -> datetime | None:
        if "T" not in text:
            return end_of(date.fromisoformat(text), zone)
        given = datetime.fromisoformat(text)
        return at_local(given.date(), given.time(), zone)

    return read_as


def _word(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty")
    return text.strip()


def _zone(text: str) -> str:
    zone_of(text)
    return text


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _yes_or_no(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("write true or false")
    return text == "true"


def _hundredths(text: str) -> int:
    value = Decimal(text) * 100
    if value != value.to_integral_value() or value < 0:
        raise ValueError("at most two decimals, and not negative")
    return int(value)


def _said(error: Exception) -> str:
    if isinstance(error, InvalidOperation):
        return "a number like 199.00, please."
    return f"{error}."
