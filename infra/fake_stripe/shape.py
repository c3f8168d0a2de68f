"""How stored objects are shown: without private fields, with `expand`, in pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from infra.fake_stripe.errors import bad_param
from infra.fake_stripe.params import Params
from infra.fake_stripe.store import JsonObject
from infra.fake_stripe.work import Work

EXPANDABLE: Mapping[str, frozenset[str]] = {
    "checkout.session": frozenset({"payment_intent", "line_items"}),
    "payment_intent": frozenset({"latest_charge"}),
    "charge": frozenset({"balance_transaction", "payment_intent", "refunds"}),
    "refund": frozenset({"balance_transaction", "charge", "payment_intent", "failure_balance_transaction"}),
    "dispute": frozenset({"charge", "payment_intent"}),
    "balance_transaction": frozenset({"source"}),
    "payout": frozenset({"balance_transaction"}),
}


def shown(body: JsonObject) -> JsonObject:
    """The object without the fields that are the fake's own (`_...`)."""
    return {name: value for name, value in body.items() if not name.startswith("_")}


def listed(data: Sequence[JsonObject], url: str, has_more: bool = False) -> JsonObject:
    return {"object": "list", "url": url, "has_more": has_more, "data": list(data)}


def line_items(session: JsonObject) -> JsonObject:
    return listed(session["_line_items"], f"/v1/checkout/sessions/{session['id']}/line_items")


def present(work: Work, body: JsonObject, params: Params) -> JsonObject:
    """The object, with what `expand[]` of the request names in full."""
    result = shown(body)
    for path in params.texts("expand"):
        _expand(work, result, path.split("."), path)
    return result


def _expand(work: Work, body: JsonObject, steps: list[str], path: str) -> None:
    step, rest = steps[0], steps[1:]
    if body["object"] == "list" and step == "data":
        for item in body["data"]:
            if rest:
                _expand(work, item, rest, path)
        return
    if step not in EXPANDABLE.get(body["object"], frozenset()):
        raise bad_param(f"This property cannot be expanded ({path}).", "expand")
    if step == "line_items":
        stored = work.tx.find(body["id"])
        body[step] = line_items(stored) if stored is not None else None
    elif step == "refunds":
        refunds = work.tx.select("refund", fields={"charge": body["id"]})
        body[step] = listed([shown(refund) for refund in refunds], f"/v1/charges/{body['id']}/refunds")
    elif isinstance(body.get(step), str):
        found = work.tx.find(body[step])
        if found is not None:
            body[step] = shown(found)
    if rest and isinstance(body.get(step), dict):
        _expand(work, body[step], rest, path)


def page(
    work: Work,
    kind: str,
    url: str,
    params: Params,
    *,
    ref: str | None = None,
    fields: Mapping[str, str | None] | None = None,
    any_of: Mapping[str, list[str]] | None = None,
) -> JsonObject:
    """A page of a list, newest first, by `limit`, `starting_after`, `ending_before` and `created`."""
    limit = params.integer("limit", least=1, most=100) or 10
    cursors: dict[str, int | None] = {}
    for name, side in (("starting_after", "before"), ("ending_before", "after")):
        id = params.text(name)
        cursors[side] = work.tx.number(work.load(kind, id, param=name)["id"]) if id is not None else None
    found = work.tx.select(
        kind,
        ref=ref,
        fields={name: value for name, value in (fields or {}).items() if value is not None},
        any_of=any_of,
        created=_created(params),
        limit=limit + 1,
        **cursors,
    )
    has_more = len(found) > limit
    kept = found[-limit:] if cursors["after"] is not None else found[:limit]
    return present(work, listed([shown(body) for body in kept], url, has_more), params)


def _created(params: Params) -> dict[str, int]:
    """The bounds of `created`, a number or a hash of gt, gte, lt, lte."""
    if params.is_text("created"):
        exact: Any = params.integer("created")
        return {"gte": exact, "lte": exact}
    bounds = params.sub("created")
    if bounds is None:
        return {}
    asked = {word: bounds.integer(word) for word in ("gt", "gte", "lt", "lte")}
    return {word: instant for word, instant in asked.items() if instant is not None}
