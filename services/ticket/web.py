"""What all views of the ticket service work with: the desk, and who holds which order."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from flask import Response, current_app, redirect, request

from services.ticket.handlers import Context
from services.ticket.store import orders
from shared.errors import Forbidden, NotFound
from shared.identity import Signer
from shared.runtime import Runtime
from shared.web.security import get_cookie, set_cookie

ORDER_COOKIE = "orders"
COOKIE_LASTS = timedelta(days=400)
MOST_IN_COOKIE = 20


@dataclass(frozen=True)
class Desk:
    """The runtime and the context that an app was made with."""

    runtime: Runtime
    context: Context

    @property
    def now(self) -> datetime:
        return self.runtime.clock.now()

    @property
    def base_url(self) -> str:
        return self.runtime.settings.base_url

    @property
    def tickets(self) -> Signer:
        """Signs what stands in a ticket's QR code and in links to one admission."""
        return self.runtime.signer("ticket.admission")


def desk() -> Desk:
    """Of the application at work."""
    return cast(Desk, current_app.extensions["ticket"])


def order_link(base_url: str, reference: str, secret: str) -> str:
    """The secret link to an order: opened once, it becomes a cookie."""
    return f"{base_url}/orders/{reference}?key={secret}"


def payment_link(base_url: str, reference: str, secret: str) -> str:
    """Our page that leads to Stripe's, made at the first visit."""
    return f"{base_url}/pay/{reference}?key={secret}"


def order_by_secret(reference: str, secret: str) -> str:
    """The id of the order that this secret opens. Raises `NotFound`, the same for a wrong reference and a wrong secret."""
    with desk().context.database.reading() as connection:
        order_id, known, _ = orders.secret_of(connection, reference.upper())
    if not secret or not hmac.compare_digest(known.encode(), secret.encode()):
        raise NotFound("There is no order with this reference, or the link to it is not complete.")
    return order_id


def held_orders() -> dict[str, str]:
    """Reference -> secret, of the orders that this browser was shown."""
    return kept_in_cookie(ORDER_COOKIE)


def kept_in_cookie(cookie: str) -> dict[str, str]:
    """Name -> secret, as `remember_in_cookie` wrote them."""
    pairs = (pair.partition(".") for pair in get_cookie(desk().runtime.settings, cookie).split("/"))
    return {name: secret for name, dot, secret in pairs if dot and secret}


def remember_in_cookie(response: Response, cookie: str, name: str, secret: str) -> Response:
    """The newest secrets of this browser, up to `MOST_IN_COOKIE`; this one last."""
    kept = {**{each: value for each, value in kept_in_cookie(cookie).items() if each != name}, name: secret}
    value = "/".join(f"{each}.{value}" for each, value in list(kept.items())[-MOST_IN_COOKIE:])
    set_cookie(response, desk().runtime.settings, cookie, value, COOKIE_LASTS)
    return response


def order_of_browser(reference: str) -> str:
    """The id of an order whose link was opened in this browser. Raises `Forbidden` with what to do."""
    secret = held_orders().get(reference.upper(), "")
    if not secret:
        raise Forbidden("Open this page by the link in your mail: it is the key to your order.")
    return order_by_secret(reference, secret)


def remember_order(response: Response, reference: str, secret: str) -> Response:
    """Exchange a secret for a cookie, so that it is kept in no address."""
    return remember_in_cookie(response, ORDER_COOKIE, reference, secret)


def go(target: str) -> Response:
    """Send a browser on, to be got there."""
    return cast(Response, redirect(target, 303))


def refuse_unreadable() -> None:
    """No address of ours has a NUL in it, and databases cannot look one up. Raises `NotFound`."""
    if "\x00" in request.path or any("\x00" in value for value in request.args.values()):
        raise NotFound("There is nothing here.")


def client() -> str:
    """Who asks, told apart from others without being known: a keyed digest of the address, for limits."""
    address = (request.remote_addr or "").encode()
    return hashlib.blake2b(address, key=desk().runtime.settings.secret.encode()[:64], digest_size=16).hexdigest()


def bearer() -> str:
    """The secret that a machine sends: `Authorization: Bearer <secret>`, or `?secret=`."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else request.args.get("secret", "")
