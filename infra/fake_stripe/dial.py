"""The dial of faults: what a provider and a network do to a shop, by rates from a seeded source."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

ANSWER_FAULTS = ("error_after_effect", "lost_response")
WEBHOOK_FAULTS = ("delay", "duplicate", "reorder", "drop")


@dataclass(frozen=True, slots=True)
class Dial:
    """All rates are between 0 and 1, all `..._seconds` count on the fake's clock, `answer_delay_seconds` on the wall.

    webhooks   `delay_rate` of them leave `delay_seconds` later; `duplicate_rate` leave twice (the copy up to
               `reorder_seconds` later), `reorder_rate` leave up to `reorder_seconds` later, so that others overtake
               them; `drop_rate` never leave (a copy may).
    answers    of requests that change something: `error_after_effect_rate` are answered 500 after they took effect (the
               idempotency key keeps the 500), `lost_response_rate` take effect and the connection closes (the key keeps
               the good answer). `next_answers` names faults, or "ok", for the next such requests, before any rate.
    down       "no"; "503": every request is answered 503 and does nothing; "refuse": the connection closes at once.
    methods    how checkouts that name none may be paid: "card" or "card,sepa_debit".
    balance    "enough"; "pending": refunds wait until it is "enough" again; "failed": they fail after
               `settle_seconds`, for want of balance.
    """

    delay_rate: float = 0.0
    delay_seconds: float = 60.0
    duplicate_rate: float = 0.0
    reorder_rate: float = 0.0
    reorder_seconds: float = 60.0
    drop_rate: float = 0.0
    error_after_effect_rate: float = 0.0
    lost_response_rate: float = 0.0
    next_answers: tuple[str, ...] = ()
    answer_delay_seconds: float = 0.0
    down: str = "no"
    methods: str = "card"
    balance: str = "enough"
    settle_seconds: float = 180.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name.endswith(("_rate", "_seconds")):
                if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                    raise ValueError(f"{field.name} must be a number that is not negative, not {value!r}.")
                if field.name.endswith("_rate") and value > 1:
                    raise ValueError(f"{field.name} is a rate between 0 and 1, not {value!r}.")
        choices = {
            "down": ("no", "503", "refuse"),
            "balance": ("enough", "pending", "failed"),
            "methods": ("card", "card,sepa_debit"),
        }
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(allowed)}, not {getattr(self, name)!r}.")
        unknown = set(self.next_answers) - {"ok", *ANSWER_FAULTS}
        if unknown:
            raise ValueError(f"next_answers knows ok, {', '.join(ANSWER_FAULTS)}, not {', '.join(sorted(unknown))}.")

    def turned(self, changes: dict[str, Any]) -> Dial:
        """The dial with some values changed; ValueError says which name or value is not acceptable."""
        known = {field.name for field in fields(self)}
        unknown = set(changes) - known
        if unknown:
            raise ValueError(f"The dial has no {', '.join(sorted(unknown))}; it has {', '.join(sorted(known))}.")
        if "next_answers" in changes:
            if not isinstance(changes["next_answers"], list | tuple):
                raise ValueError("next_answers is a list of names.")
            changes = {**changes, "next_answers": tuple(str(name) for name in changes["next_answers"])}
        return replace(self, **changes)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"next_answers": list(self.next_answers)}
