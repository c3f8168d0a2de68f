"""The payment page that a session's `url` leads to: plain HTML, marked TEST, no script, nothing changed by a GET."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from flask import Response, current_app, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from infra.fake_stripe import checkout, sessions
from infra.fake_stripe.cards import DEBITS, digits, is_card_number, is_still_valid
from infra.fake_stripe.desk import desk
from infra.fake_stripe.errors import ApiError
from infra.fake_stripe.store import JsonObject
from infra.fake_stripe.texts import LANGUAGES, TEXTS, written

STYLE = Path(__file__).with_name("style.css")
FIELDS = ("number", "expiry", "cvc", "name", "email", "iban")


def show(id: str) -> BaseResponse:
    """The page of a session, whatever its state."""
    session = _session(id)
    return _notice("missing", 404) if session is None else _page(session, {}, {})


def pay(id: str) -> BaseResponse:
    """Pay with what was typed; 303 to the shop when it worked, the page with what is wrong when it did not."""
    session = _session(id)
    if session is None:
        return _notice("missing", 404)
    if session["status"] != "open":
        return _after(session)
    typed = {name: request.form.get(name, "").strip()[:200] for name in FIELDS}
    wrong = _wrong(session, typed)
    if wrong:
        return _page(session, typed, wrong, status=422)
    by_debit = bool(typed["iban"])
    means = checkout.Means(
        card=None if by_debit else typed["number"] or None,
        iban=typed["iban"] or None,
        email=typed["email"] or None,
        name=typed["name"] or None,
    )
    try:
        with desk(current_app).work() as work:
            outcome = checkout.pay(work, id, means)
    except ApiError:
        # Somebody else paid it or it expired since it was read: show what has become of it.
        return _after(_session(id) or session)
    if outcome.refusal is not None:
        field = "cvc" if outcome.refusal["code"] == "incorrect_cvc" else "number"
        reason = str(outcome.refusal.get("decline_code"))
        text = reason if reason in TEXTS["en"] else "declined"
        return _page(outcome.session, typed, {field: text}, status=402)
    return _after(outcome.session)


def style() -> Response:
    return Response(STYLE.read_bytes(), mimetype="text/css", headers={"Cache-Control": "max-age=3600"})


def _session(id: str) -> JsonObject | None:
    with desk(current_app).work() as work:
        return work.tx.find(id, sessions.KIND)


def _after(session: JsonObject) -> BaseResponse:
    if session["status"] == "complete":
        return redirect(_success_url(session), 303)
    return _page(session, {}, {})


def _success_url(session: JsonObject) -> str:
    address: str = session["success_url"]
    return address.replace("{CHECKOUT_SESSION_ID}", session["id"])


def _wrong(session: JsonObject, typed: Mapping[str, str]) -> dict[str, str]:
    """Which field is wrong, and the name of the text that says how."""
    wrong: dict[str, str] = {}
    if not session["customer_email"] and "@" not in typed["email"].strip("@"):
        wrong["email"] = "bad_email"
    if session["amount_total"] == 0:
        return wrong
    if typed["iban"] and "sepa_debit" in session["payment_method_types"]:
        return wrong | ({} if digits(typed["iban"]) in DEBITS else {"iban": "bad_iban"})
    if "card" not in session["payment_method_types"]:
        return wrong | {"iban": "bad_iban"}
    if not is_card_number(typed["number"]):
        wrong["number"] = "bad_number"
    valid = is_still_valid(typed["expiry"], desk(current_app).config.clock.now())
    if not valid:
        wrong["expiry"] = "bad_expiry" if valid is None else "past_expiry"
    if not (typed["cvc"].isascii() and typed["cvc"].isdigit() and len(typed["cvc"]) in (3, 4)):
        wrong["cvc"] = "bad_cvc"
    return wrong


def _language(session: JsonObject | None) -> str:
    asked = str(session["locale"] or "auto") if session is not None else "auto"
    if asked == "auto":
        wished = (language[:2].lower() for language in request.accept_languages.values())
        return next((language for language in wished if language in LANGUAGES), "en")
    return asked[:2] if asked[:2] in LANGUAGES else "en"


def _page(session: JsonObject, typed: Mapping[str, str], wrong: Mapping[str, str], status: int = 200) -> Response:
    language = _language(session)
    texts = TEXTS[language]
    total = written(session["amount_total"], session["currency"], language)
    lines = [
        {
            "name": item["description"],
            "more": item["_described"],
            "quantity": item["quantity"],
            "unit": written(item["price"]["unit_amount"], item["currency"], language),
            "amount": written(item["amount_total"], item["currency"], language),
        }
        for item in session["_line_items"]
    ]
    html = render_template(
        "pay.html",
        t=texts,
        language=language,
        session=session,
        lines=lines,
        total=total,
        typed=typed,
        wrong={name: texts[text] for name, text in wrong.items()},
        until=_until(session),
        success_url=_success_url(session),
    )
    return _html(html, status, session)


def _until(session: JsonObject) -> str:
    """The hour at which the session ends, with its day where that is not today."""
    ends_at = datetime.fromtimestamp(session["expires_at"], UTC)
    today = desk(current_app).config.clock.now().date()
    return f"{ends_at:%H:%M}" if ends_at.date() == today else f"{ends_at:%Y-%m-%d %H:%M}"


def away() -> Response:
    """What a buyer sees while the dial says that Stripe is down."""
    return _notice("away", 503)


def _notice(about: str, status: int) -> Response:
    language = _language(None)
    html = render_template("notice.html", t=TEXTS[language], language=language, about=about)
    return _html(html, status, None)


def _html(html: str, status: int, session: JsonObject | None) -> Response:
    # Browsers hold the redirect after the form against form-action, so the shop's origin has to be in it.
    shop = urlsplit(session["success_url"]) if session is not None else None
    origin = f" {shop.scheme}://{shop.netloc}" if shop is not None else ""
    response = Response(html, status, mimetype="text/html")
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; form-action 'self'{origin}; base-uri 'none'; frame-ancestors 'none'"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


PAGES: tuple[tuple[str, str, Callable[..., BaseResponse]], ...] = (
    ("GET", "/c/pay/<id>", show),
    ("POST", "/c/pay/<id>", pay),
    ("GET", "/style.css", style),
)
