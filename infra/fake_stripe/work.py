"""The surroundings of one transaction: the store, the instant, the dial."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime

from infra.fake_stripe.config import FakeStripeConfig
from infra.fake_stripe.dial import Dial
from infra.fake_stripe.errors import no_such
from infra.fake_stripe.store import JsonObject, Transaction


@dataclass
class Work:
    """One transaction. `now` is the instant it works at."""

    tx: Transaction
    config: FakeStripeConfig
    now: datetime
    base_url: str = ""
    request_id: str | None = None
    idempotency_key: str | None = None

    @property
    def seconds(self) -> int:
        """`now` as Stripe writes it: whole unix seconds."""
        return int(self.now.timestamp())

    @property
    def instant(self) -> float:
        return self.now.timestamp()

    @property
    def dial(self) -> Dial:
        turned = self.tx.setting("dial")
        return self.config.dial if turned is None else Dial().turned(turned)

    def turn(self, dial: Dial) -> None:
        self.tx.set("dial", dial.as_json())

    def new_id(self, prefix: str) -> str:
        return self.config.ids.new(prefix, self.now)

    def draw(self) -> float:
        """The next number of the seeded source, in [0, 1). The count is kept in the store, so processes share it."""
        count = int(self.tx.setting("draws") or 0)
        self.tx.set("draws", count + 1)
        return random.Random(f"{self.config.seed}:{count}").random()

    def happens(self, rate: float) -> bool:
        """Whether something of this rate happens now; nothing is drawn for a rate of zero."""
        return rate > 0 and self.draw() < rate

    def load(self, kind: str, id: str, name: str | None = None, param: str = "id") -> JsonObject:
        """The object, or Stripe's 404. `name` is what Stripe calls the kind in its sentence."""
        found = self.tx.find(id, kind)
        if found is None:
            raise no_such(name or kind.split(".")[-1], id, param)
        return found
