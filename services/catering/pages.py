"""Pages: /catering for organisers, /catering/sheet/<token> for the caterer, who needs no account."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from services.catering import facts, kitchen, orderbook, references, sheets, store, views
from services.catering.domain.edition import normalized
from services.catering.domain.meal import Meal
from shared.database import Database
from shared.errors import InvalidInput, NotFound, Refused
from shared.runtime import Runtime
from shared.web.forms import Form
from shared.web.i18n import LANGUAGES, language
from shared.web.i18n import gettext as _
from shared.web.staff import staff_only, the_staff

Answer = str | Response | AnyResponse | tuple[str, int]
MOST_MEALS = 200


def make_blueprint(runtime: Runtime, database: Database) -> Blueprint:
    blueprint = Blueprint("catering", __name__, url_prefix="/catering")
    desk = Desk(runtime, database)
    for rule, name, view in (
        ("/", "conferences", desk.conferences),
        ("/editions", "editions", desk.editions),
        ("/conferences/<conference_id>", "eaters", desk.eaters),
        ("/conferences/<conference_id>/meals/<meal_id>", "meal", desk.meal),
        ("/conferences/<conference_id>/order", "order", desk.order),
        ("/conferences/<conference_id>/caterer", "caterer", desk.caterer),
        ("/conferences/<conference_id>/learning", "learning", desk.learning),
    ):
        methods = ["GET"] if name in ("conferences", "eaters") else ["GET", "POST"]
        guarded = staff_only("organiser")(view)
        blueprint.add_url_rule(rule, name, guarded, methods=methods, strict_slashes=False)
    for rule, name, change in (
        ("/conferences/<conference_id>/meals/<meal_id>/extra", "extra", desk.extra),
        ("/conferences/<conference_id>/meals/<meal_id>/removal", "removal", desk.removal),
        ("/editions/<key>/removal", "edition_removal", desk.edition_removal),
    ):
        blueprint.add_url_rule(rule, name, staff_only("organiser")(change), methods=["POST"])
    link = CatererLink(runtime, database)
    blueprint.add_url_rule("/sheet/<token>", "sheet", link.sheet)
    blueprint.add_url_rule("/sheet/<token>/sheet.<ending>", "sheet_file", link.file)
    blueprint.add_url_rule("/sheet/<token>/received", "received", link.received, methods=["POST"])
    return blueprint


class Desk:
    """The organiser's pages. Each form that is refused comes back with its contents and what is wrong."""

    def __init__(self, runtime: Runtime, database: Database) -> None:
        self.runtime = runtime
        self.database = database

    def conferences(self) -> Answer:
        """All conferences of this member of staff; with one only, that one."""
        staff, now = the_staff(), self.runtime.clock.now()
        with self.database.reading() as connection:
            mine = [
                conference
                for conference in facts.list_conferences(connection)
                if staff.may("organiser", conference_id=conference.conference_id)
            ]
            if len(mine) == 1:
                return redirect(url_for(".eaters", conference_id=mine[0].conference_id))
            made = {c.conference_id: store.last_forecast(connection, c.conference_id) for c in mine}
        ahead = [conference for conference in mine if conference.doors_at > now]
        over = [conference for conference in reversed(mine) if conference.doors_at <= now]
        return render_template("conferences.html", here="catering", ahead=ahead, over=over, made=made)

    def eaters(self, conference_id: str) -> Answer:
        return self._show("eaters.html", conference_id)

    def meal(self, conference_id: str, meal_id: str) -> Answer:
        """A meal to look at and change; `new` is one to add."""
        with self.database.reading() as connection:
            conference = facts.load_conference(connection, conference_id)
            meals = store.list_meals(connection, conference_id)
            entries = [entry for entry in store.list_extra(connection, conference_id) if entry.meal_id == meal_id]
        old = next((meal for meal in meals if meal.meal_id == meal_id), None)
        if old is None and meal_id != "new":
            raise NotFound("There is no such meal.", meal_id=meal_id)
        form = Form(request.form if request.method == "POST" else _typed(old, conference))
        about: dict[str, Any] = {
            "meal": old,
            "meal_id": meal_id,
            "form": form,
            "extra_form": Form(),
            "entries": entries,
        }
        if request.method == "GET":
            return self._show("meal.html", conference_id, **about)
        try:
            if old is None and len(meals) >= MOST_MEALS:
                raise InvalidInput(_("This conference has enough meals."))
            with self._writing() as tx:
                id = old.meal_id if old else tx.ids.new("mea", tx.now)
                meal = _read_meal(form, conference, id)
                if not form.errors and meal is not None:
                    kitchen.save_meal(tx, meal)
        except InvalidInput as error:
            form.refused(error)
        if form.errors:
            return self._show("meal.html", conference_id, 422, **about)
        return redirect(url_for(".eaters", conference_id=conference_id))

    def extra(self, conference_id: str, meal_id: str) -> Answer:
        """So many more, or fewer, eat without a ticket."""
        form = Form(request.form)
        change, note = form.integer("change", lowest=-10_000, highest=10_000), form.text("note")
        with self.database.reading() as connection:
            meal = _meal_of(store.load_meal(connection, meal_id), conference_id)
            entries = [entry for entry in store.list_extra(connection, conference_id) if entry.meal_id == meal_id]
            conference = facts.load_conference(connection, conference_id)
        if not form.errors and change is not None:
            try:
                with self._writing() as tx:
                    kitchen.enter_extra_eaters(tx, meal_id, change, note)
                return redirect(url_for(".meal", conference_id=conference_id, meal_id=meal_id))
            except InvalidInput as error:
                form.refused(error)
        about: dict[str, Any] = {
            "meal": meal,
            "meal_id": meal_id,
            "form": Form(_typed(meal, conference)),
            "entries": entries,
        }
        return self._show("meal.html", conference_id, 422, extra_form=form, **about)

    def removal(self, conference_id: str, meal_id: str) -> Answer:
        with self.database.reading() as connection:
            _meal_of(store.load_meal(connection, meal_id), conference_id)
        with self._writing() as tx:
            kitchen.remove_meal(tx, meal_id)
        return redirect(url_for(".eaters", conference_id=conference_id))

    def order(self, conference_id: str) -> Answer:
        """The proposal to change, or the order to amend: the same table, with a reason."""
        with self.database.reading() as connection:
            seen = views.look(connection, conference_id, self.runtime.clock.now())
        form = Form(request.form if request.method == "POST" else {r.meal.meal_id: r.proposed for r in seen.rows})
        if request.method == "GET":
            return self._show("order.html", conference_id, form=form)
        numbers = {row.meal.meal_id: form.integer(row.meal.meal_id, highest=100_000) for row in seen.rows}
        plates = {meal_id: number for meal_id, number in numbers.items() if number is not None}
        reason = form.text("reason", longest=500)
        if not form.errors:
            try:
                with self._writing() as tx:
                    if seen.order.is_locked:
                        kitchen.amend_order(tx, conference_id, plates, reason)
                    else:
                        kitchen.change_plates(tx, conference_id, plates, reason)
                return redirect(url_for(".order", conference_id=conference_id))
            except Refused as error:
                form.wrong("", _(str(error)))
        return self._show("order.html", conference_id, 422, form=form)

    def caterer(self, conference_id: str) -> Answer:
        """Who cooks, and until when they must know."""
        with self.database.reading() as connection:
            seen = views.look(connection, conference_id, self.runtime.clock.now())
        zone = seen.conference.time_zone
        now_set = seen.order.deadline_at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")
        known = seen.caterer
        begin = {"name": known and known.name, "email": known and known.email, "locale": known and known.locale}
        form = Form(request.form if request.method == "POST" else {**begin, "deadline_at": now_set})
        if request.method == "GET":
            return self._show("caterer.html", conference_id, form=form)
        name, email, locale = form.text("name"), form.email("email"), form.choice("locale", LANGUAGES)
        deadline_at = form.moment("deadline_at", zone) if not seen.order.is_locked else seen.order.deadline_at
        if not form.errors and deadline_at is not None:
            try:
                with self._writing() as tx:
                    kitchen.name_caterer(tx, conference_id, name, email, locale)
                    if deadline_at != seen.order.deadline_at:
                        kitchen.move_deadline(tx, conference_id, deadline_at)
                return redirect(url_for(".eaters", conference_id=conference_id))
            except InvalidInput as error:
                form.refused(error)
        return self._show("caterer.html", conference_id, 422, form=form)

    def learning(self, conference_id: str) -> Answer:
        """Which past editions this conference's forecast learns from."""
        with self.database.reading() as connection:
            plan = store.load_plan(connection, conference_id)
            known = references.merged(store.list_imported(connection))
        if request.method == "POST":
            form = Form(request.form)
            series = form.text("series", required=False, longest=100)
            used = {normalized(name) for name in request.form.getlist("used")}
            excluded = [edition.name for edition in known if normalized(edition.name) not in used]
            if not form.errors:
                with self._writing() as tx:
                    kitchen.plan_forecast(tx, conference_id, series, excluded)
                return redirect(url_for(".eaters", conference_id=conference_id))
            return self._show("learning.html", conference_id, 422, form=form, plan=plan, known=known)
        return self._show("learning.html", conference_id, form=Form({"series": plan.series}), plan=plan, known=known)

    def editions(self) -> Answer:
        """Past editions: those that come with Stagedoor, and those imported as CSV."""
        form = Form(request.form if request.method == "POST" else None)
        status = 200
        if request.method == "POST":
            name = form.text("name", longest=100)
            upload = request.files.get("file")
            if upload is None or not upload.filename:
                form.wrong("file", _("Choose a file."))
            if not form.errors and upload is not None:
                try:
                    text = upload.stream.read().decode("utf-8")
                    with self._writing() as tx:
                        kitchen.import_edition(tx, name, text)
                    return redirect(url_for(".editions"))
                except UnicodeDecodeError:
                    form.wrong("file", _("This file is no UTF-8 text: save it as CSV with UTF-8."))
                except InvalidInput as error:
                    form.refused(error)
            status = 422
        with self.database.reading() as connection:
            imported = store.list_imported(connection)
        keys = {normalized(edition.name) for edition in imported}
        built_in = [edition for edition in references.built_in() if normalized(edition.name) not in keys]
        about: dict[str, Any] = {"form": form, "imported": imported, "built_in": built_in, "key_of": normalized}
        return render_template("editions.html", here="catering", **about), status

    def edition_removal(self, key: str) -> Answer:
        with self._writing() as tx:
            kitchen.remove_edition(tx, key)
        return redirect(url_for(".editions"))

    def _writing(self) -> Any:
        return self.database.transaction(actor=the_staff().actor)

    def _show(self, template: str, conference_id: str, status: int = 200, **about: Any) -> Answer:
        with self.database.reading() as connection:
            seen = views.look(connection, conference_id, self.runtime.clock.now())
        link = sheets.link(self.runtime, seen.conference, seen.order.order_id) if seen.sheets else ""
        shown = {"conference": seen.conference, "zone": seen.conference.time_zone, "seen": seen, "link": link}
        return render_template(template, here="catering", **shown, **about), status


class CatererLink:
    """What the caterer sees behind the signed link of a mail: the number, the sheet, and a button to say 'received'."""

    def __init__(self, runtime: Runtime, database: Database) -> None:
        self.runtime = runtime
        self.database = database

    def sheet(self, token: str) -> Answer:
        conference, newest, older = self._open(token)
        zone = conference.time_zone
        about = {"conference": conference, "sheet": newest, "older": older, "zone": zone, "token": token}
        return render_template("sheet.html", title=sheets.title(newest, language()), **about)

    def file(self, token: str, ending: str) -> Answer:
        """The sheet as PDF or CSV, in the reader's language."""
        conference, newest, _older = self._open(token)
        if ending == "pdf":
            content, kind = sheets.as_pdf(conference, newest, language()), "application/pdf"
        elif ending == "csv":
            content, kind = sheets.as_csv(conference, newest, language()), "text/csv; charset=utf-8"
        else:
            raise NotFound("The sheet is there as PDF and as CSV.")
        name = sheets.file_name(conference, newest, ending)
        return Response(content, mimetype=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})

    def received(self, token: str) -> Answer:
        """Recorded for the number that the page showed, not for one that came meanwhile."""
        order_id = sheets.order_of(self.runtime, token)
        number = Form(request.form).integer("number", lowest=1)
        with self.database.transaction(actor="caterer") as tx:
            if number is not None:
                kitchen.confirm_receipt(tx, order_id, number)
        return redirect(url_for(".sheet", token=token))

    def _open(self, token: str) -> tuple[facts.Conference, orderbook.Sheet, list[orderbook.Sheet]]:
        order_id = sheets.order_of(self.runtime, token)
        with self.database.reading() as connection:
            conference = facts.load_conference(connection, orderbook.conference_of_order(connection, order_id))
            found = orderbook.list_sheets(connection, order_id)
        if not found:
            raise NotFound("Nothing is ordered under this number.")
        return conference, found[0], found[1:]


def _typed(meal: Meal | None, conference: facts.Conference) -> dict[str, object]:
    """A meal as its form shows it."""
    zone = ZoneInfo(conference.time_zone)
    if meal is None:
        at = conference.doors_at.astimezone(zone).replace(hour=12, minute=30)
        return {"served_at": f"{at:%Y-%m-%dT%H:%M}", "take_rate": 70, "portion_factor": 100}
    ticked = {f"type_{code}": "yes" for code in meal.admission_types} | {f"day_{d}": "yes" for d in meal.days}
    return {
        "name": meal.name,
        "served_at": f"{meal.served_at.astimezone(zone):%Y-%m-%dT%H:%M}",
        "take_rate": meal.take_rate,
        "portion_factor": meal.portion_factor,
        "add_on": meal.add_on,
        **ticked,
    }


def _read_meal(form: Form, conference: facts.Conference, meal_id: str) -> Meal | None:
    """The meal that was typed; None where something is wrong, which then stands in the form's errors."""
    name, served_at = form.text("name"), form.moment("served_at", conference.time_zone)
    take_rate = form.integer("take_rate", lowest=0, highest=100)
    portion_factor = form.integer("portion_factor", lowest=10, highest=300)
    add_on = form.text("add_on", required=False, longest=50)
    if form.errors or served_at is None or take_rate is None or portion_factor is None:
        return None
    return Meal(
        meal_id,
        conference.conference_id,
        name,
        served_at,
        tuple(kind["code"] for kind in conference.admission_types if form.checked(f"type_{kind['code']}")),
        tuple(day for day in conference.days if form.checked(f"day_{day}")),
        add_on,
        take_rate,
        portion_factor,
    )


def _meal_of(meal: Meal, conference_id: str) -> Meal:
    """Raises `NotFound` where the meal is another conference's."""
    if meal.conference_id != conference_id:
        raise NotFound("There is no such meal.", meal_id=meal.meal_id)
    return meal
