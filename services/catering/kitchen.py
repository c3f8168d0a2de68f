"""What staff do in catering, one function a use case: in the transaction it is given, with its line in the audit trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.catering import counting, facts, orderbook, store
from services.catering.domain.edition import Edition, normalized, read_edition, series_of
from services.catering.domain.headcount import check_extra_eaters
from services.catering.domain.meal import Meal
from services.catering.domain.order import Status
from services.catering.handlers import new_caterer, record_sheet, schedule_order
from services.catering.orderbook import Caterer
from services.catering.store import Plan
from shared.database import Transaction
from shared.errors import Conflict, InvalidInput
from shared.events.base import StaffActed


def save_meal(tx: Transaction, meal: Meal) -> None:
    """Add a meal, or change it. A proposal follows; what is ordered already is watched for drift."""
    conference = facts.load_conference(tx.connection, meal.conference_id)
    store.lock_said(tx, meal.conference_id)
    store.save_meals(tx, [meal])
    counting.recount_meals(tx, conference)
    _acted(tx, meal.conference_id, "meal_saved", meal.meal_id, take_rate=meal.take_rate, portion=meal.portion_factor)


def remove_meal(tx: Transaction, meal_id: str) -> None:
    """Serve it no more. Raises `Conflict` where plates are ordered for it: amend them to 0 instead."""
    meal = store.load_meal(tx.connection, meal_id)
    conference = facts.load_conference(tx.connection, meal.conference_id)
    store.lock_said(tx, meal.conference_id)
    order = orderbook.lock_order(tx, meal.conference_id)
    if order.is_locked and order.plates.get(meal_id):
        raise Conflict("Plates are ordered for this meal: amend the order to 0 plates first.", meal_id=meal_id)
    store.remove_meal(tx, meal_id)
    counting.recount_meals(tx, conference)
    _acted(tx, meal.conference_id, "meal_removed", meal_id)


def enter_extra_eaters(tx: Transaction, meal_id: str, change: int, note: str) -> None:
    """So many more, or fewer, eat without an admission. Raises `InvalidInput` below none."""
    meal = store.load_meal(tx.connection, meal_id)
    conference = facts.load_conference(tx.connection, meal.conference_id)
    store.lock_said(tx, meal.conference_id)
    check_extra_eaters(change, store.count_extra(tx.connection, meal.conference_id).get(meal_id, 0))
    store.add_extra(tx, meal, change, note.strip()[:200])
    counting.recount_meals(tx, conference)
    _acted(tx, meal.conference_id, "extra_eaters_entered", meal_id, change=change)


def change_plates(tx: Transaction, conference_id: str, plates: Mapping[str, int], reason: str) -> None:
    """Set plates by hand before the lock, with a reason."""
    outlook = counting.look_ahead(tx, facts.load_conference(tx.connection, conference_id))
    order = orderbook.lock_order(tx, conference_id)
    tx.publish(*order.change(plates, reason, tx.now, outlook))
    orderbook.save_order(tx, order)
    _acted(tx, conference_id, "plates_changed", order.order_id, **plates)


def amend_order(tx: Transaction, conference_id: str, plates: Mapping[str, int], reason: str) -> None:
    """After the lock: the next number, with a reason, to the caterer."""
    conference = facts.load_conference(tx.connection, conference_id)
    outlook = counting.look_ahead(tx, conference)
    order = orderbook.lock_order(tx, conference_id)
    unknown = plates.keys() - outlook.plates.keys() - order.plates.keys()
    if unknown:
        raise Conflict("One of these meals is gone: reload the page.", meals=sorted(unknown))
    tx.publish(*order.amend(plates, reason, tx.now, outlook))
    record_sheet(tx, order, reason.strip()[:500])
    orderbook.save_order(tx, order)
    _acted(tx, conference_id, "order_amended", order.order_id, number=order.number)


def move_deadline(tx: Transaction, conference_id: str, deadline_at: datetime) -> None:
    """The caterer wants it at another time. Raises `Conflict` once the order is frozen, `InvalidInput` out of range."""
    conference = facts.load_conference(tx.connection, conference_id)
    if not tx.now < deadline_at < conference.doors_at:
        sentence = "The deadline lies between now and doors."
        raise InvalidInput(sentence, errors={"deadline_at": [sentence]})
    store.lock_said(tx, conference_id)
    order = orderbook.lock_order(tx, conference_id)
    if order.is_locked:
        raise Conflict("The order is frozen already.")
    order.deadline_at = deadline_at
    orderbook.save_order(tx, order)
    schedule_order(tx, conference, deadline_at)
    if order.status is Status.PROPOSED:
        tx.unschedule("propose", conference_id)
    _acted(tx, conference_id, "deadline_moved", order.order_id, deadline_at=deadline_at.isoformat())


def name_caterer(tx: Transaction, conference_id: str, name: str, email: str, locale: str) -> None:
    """Who gets the order. Their name and address stay here; events say `catering:per_...`."""
    store.lock_said(tx, conference_id)
    order = orderbook.lock_order(tx, conference_id)
    person_id = order.caterer.removeprefix("catering:")
    orderbook.save_caterer(tx, Caterer(person_id, conference_id, name, email, locale))
    _acted(tx, conference_id, "caterer_named", person_id)


def erase_people(tx: Transaction, person_ids: Sequence[str]) -> None:
    """Forget caterers. An order of theirs waits for somebody else, under another id."""
    orderbook.erase_people(tx, person_ids)
    for conference_id in orderbook.orders_of(tx, person_ids):
        order = orderbook.lock_order(tx, conference_id)
        order.caterer = new_caterer(tx)
        orderbook.save_order(tx, order)


def import_edition(tx: Transaction, name: str, text: str) -> Edition:
    """Learn from a past edition, a CSV of dates and counts; one of the same name is replaced. Raises `InvalidInput`."""
    edition = read_edition(name, text)
    if len(edition.name) > 100:
        raise InvalidInput("This name is too long.", errors={"name": ["At most 100 characters."]})
    store.save_edition(tx, edition)
    _acted(tx, "", "edition_imported", normalized(edition.name))
    return edition


def remove_edition(tx: Transaction, key: str) -> None:
    """Learn from it no more. The built-in ones stay."""
    store.remove_edition(tx, key)
    _acted(tx, "", "edition_removed", key)


def plan_forecast(tx: Transaction, conference_id: str, series: str, excluded_editions: Sequence[str]) -> None:
    """Say which series a conference belongs to, and which past editions its forecast must not learn from."""
    store.save_plan(tx, Plan(conference_id, series_of(series), tuple(excluded_editions)))
    conference = facts.find_conference(tx.connection, conference_id)
    if conference is not None and not conference.called_off and tx.now < conference.doors_at:
        counting.update_forecast(tx, conference, "sales")
    _acted(tx, conference_id, "forecast_planned", conference_id, excluded=len(excluded_editions))


def confirm_receipt(tx: Transaction, order_id: str, number: int) -> bool:
    """The caterer pressed 'received'; True at the first time."""
    return orderbook.mark_received(tx, order_id, number)


def _acted(tx: Transaction, conference_id: str, action: str, subject: str, **what: object) -> None:
    """A line for the audit trail, if a member of staff did it."""
    service, _, staff_id = tx.actor.partition(":")
    if service == "console" and staff_id:
        told = {name: str(value) for name, value in what.items()}
        tx.publish(
            StaffActed(conference_id=conference_id, staff_id=staff_id, action=action, subject=subject, facts=told)
        )
