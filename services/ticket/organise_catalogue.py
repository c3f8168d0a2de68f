"""Pages for organisers on what is sold: prices on any day, types and their tax, what goes back; the file, and next year's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any, Final

from flask import Flask, Response, render_template, request, url_for

from services.ticket import plan_file, views
from services.ticket.domain.again import moved, plan_of
from services.ticket.domain.conference import (
    AdmissionType,
    Conference,
    ConferencePlan,
    last_step_is_late,
)
from services.ticket.domain.local_time import at_local, local_day
from services.ticket.domain.policy import Step
from services.ticket.handlers import open_conference, record_staff_act
from services.ticket.handlers.conferences import change_policy, change_types
from services.ticket.store import conferences
from services.ticket.web import desk, go
from shared.errors import InvalidInput, Refused
from shared.web.forms import Form
from shared.web.i18n import gettext as _
from shared.web.staff import require, staff_only, the_staff

Answer = Response | tuple[str, int] | str
MOST_STEPS: Final = 5
TEXTS: Final = ("name_en", "name_de", "note_en", "note_de", "exemption_en", "exemption_de")
MINUTE: Final = timedelta(minutes=1)


def install(app: Flask) -> None:
    organiser = staff_only("organiser")
    at = "/organise/<conference_id>"
    table: tuple[tuple[str, str, str, Callable[..., Any]], ...] = (
        (f"{at}/preview", "organise_preview", "GET", organiser(show_preview)),
        (f"{at}/policy", "organise_policy", "GET", organiser(show_policy)),
        (f"{at}/policy", "organise_save_policy", "POST", organiser(save_policy)),
        (f"{at}/plan.yaml", "organise_plan", "GET", organiser(download_plan)),
        (f"{at}/again", "organise_again", "GET", organiser(ask_again)),
        (f"{at}/again", "organise_open_again", "POST", organiser(open_again)),
        ("/organise/import", "organise_import", "GET", organiser(ask_for_file)),
        ("/organise/import", "organise_open_file", "POST", organiser(open_file)),
        (f"{at}/types", "organise_types", "GET", organiser(show_types)),
        (f"{at}/types", "organise_save_types", "POST", organiser(save_types)),
    )
    for rule, name, method, view in table:
        app.add_url_rule(rule, name, view, methods=[method], strict_slashes=False)


def show_preview(conference_id: str) -> Answer:
    """The shop's prices as buyers will see them at noon of a day, if nothing more were sold until then."""
    form = Form(request.args)
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, conference_id)
        day = form.day("on", required=False) or local_day(desk().now, conference.time_zone)
        if not form.errors:
            form.values["on"] = day.isoformat()
        shop = views.shop_of(connection, conference, at_local(day, time(12), conference.time_zone))
    ladders = [offer.ladder for offer in shop.offers if offer.ladder]
    return render_template(
        "organise/preview.html",
        conference=conference,
        shop=shop,
        form=form,
        day=day,
        deadline_on=local_day(conference.catering_deadline, conference.time_zone),
        late=[each.admission_type for each in ladders if last_step_is_late(conference, each)],
        minute=MINUTE,
        here="tickets",
    )


def download_plan(conference_id: str) -> Answer:
    """All of the conference as one file."""
    plan = _plan(conference_id)
    facts = {"Content-Disposition": f'attachment; filename="{plan.slug}.yaml"'}
    return Response(plan_file.write(plan), 200, facts, content_type="application/yaml; charset=utf-8")


def ask_again(conference_id: str) -> Answer:
    plan = _plan(conference_id)
    return _again_page(conference_id, plan.name, Form({"name": plan.name, "slug": "", "first_day": ""}))


def open_again(conference_id: str) -> Answer:
    """Next year's, with all dates moved along."""
    form, plan = Form(request.form), _plan(conference_id)
    name, slug, first_day = form.text("name"), form.text("slug", longest=60), form.day("first_day")
    if not form.errors and first_day is not None:
        opened = _open(form, moved(plan, slug, name, first_day))
        if opened:
            return go(url_for("organise_conference", conference_id=opened))
    return _again_page(conference_id, plan.name, form), 422


def ask_for_file() -> Answer:
    return render_template("organise/import.html", form=Form(), problems_in_file=[], here="tickets")


def open_file() -> Answer:
    """What is wrong with it is listed by line and field, and nothing is opened."""
    form, listed = Form(request.form), []
    file = request.files.get("file")
    try:
        text = file.stream.read(plan_file.LONGEST + 1).decode() if file else ""
        plan = plan_file.read(text)
    except UnicodeDecodeError:
        form.wrong("file", _("The file is not UTF-8 text."))
    except InvalidInput as error:
        errors: Any = error.facts.get("errors") or {}
        listed = [str(each) for each in errors.get("file", [])]
        form.wrong("file", _(str(error)))
    else:
        opened = _open(form, plan)
        if opened:
            return go(url_for("organise_conference", conference_id=opened))
        listed = [f"{name}: {sentence}" for name, sentence in form.errors.items() if name]
    return render_template("organise/import.html", form=form, problems_in_file=listed, here="tickets"), 422


def _plan(conference_id: str) -> ConferencePlan:
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, conference_id)
        ladders = conferences.load_ladders(connection, conference_id)
        texts = conferences.legal_texts_of(connection, conference_id)
    return plan_of(conference, ladders, {key: text.body for key, text in texts.items()})


def _open(form: Form, plan: ConferencePlan) -> str:
    """The id of the conference that was opened; empty, with sentences in the form, where it was refused."""
    staff = require("", "organiser")
    try:
        with desk().context.database.transaction(staff.actor) as tx:
            made = open_conference(tx, plan)
            record_staff_act(tx, staff.id, "conference_opened", made.conference_id, made.conference_id)
        return made.conference_id
    except Refused as error:
        fields: Any = error.facts.get("errors") or {"": [str(error)]}
        for name, sentences in fields.items():
            form.wrong(str(name), " ".join(_(each) for each in sentences))
        form.wrong("", _("Nothing was opened: some facts need another look."))
        return ""


def _again_page(conference_id: str, name: str, form: Form) -> str:
    return render_template("organise/again.html", conference_id=conference_id, name=name, form=form, here="tickets")


def show_policy(conference_id: str) -> Answer:
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, conference_id)
    values: dict[str, object] = {}
    for at, step in enumerate(conference.cancellation):
        values |= {f"days.{at}": step.days, f"percent.{at}": step.percent}
    return _policy_page(conference, Form(values))


def save_policy(conference_id: str) -> Answer:
    """Rows that are left empty are none."""
    staff, form = the_staff(), Form(request.form)
    steps = []
    for at in range(MOST_STEPS):
        if form.values.get(f"days.{at}", "").strip() or form.values.get(f"percent.{at}", "").strip():
            days = form.integer(f"days.{at}", lowest=0, highest=1000)
            percent = form.integer(f"percent.{at}", lowest=1, highest=100)
            if days is not None and percent is not None:
                steps.append(Step(days, percent))
    if not form.errors:
        try:
            with desk().context.database.transaction(staff.actor) as tx:
                change_policy(tx, conference_id, steps)
                said = " ".join(f"{step.days}:{step.percent}" for step in steps)
                record_staff_act(tx, staff.id, "policy_changed", conference_id, conference_id, {"steps": said})
            return go(url_for("organise_conference", conference_id=conference_id))
        except Refused as error:
            form.wrong("", _(str(error)))
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, conference_id)
    return _policy_page(conference, form), 422


def show_types(conference_id: str) -> Answer:
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, conference_id)
    values: dict[str, object] = {}
    for each in conference.admission_types:
        rate = Decimal(each.vat_rate) / 100
        values |= {
            f"{each.code}.vat_rate": f"{rate.normalize():f}",
            f"{each.code}.is_hidden": "yes" if each.is_hidden else "",
        }
        for name in TEXTS:
            values[f"{each.code}.{name}"] = getattr(each, name)
        values |= {f"{each.code}.day.{day.isoformat()}": "yes" for day in each.days}
    return _types_page(conference, Form(values))


def save_types(conference_id: str) -> Answer:
    """What is sold already keeps its tax and its days."""
    staff, form = the_staff(), Form(request.form)
    with desk().context.database.reading() as connection:
        conference = conferences.conference_by_id(connection, conference_id)
    changed = [_read_type(form, each, conference) for each in conference.admission_types]
    if not form.errors:
        try:
            with desk().context.database.transaction(staff.actor) as tx:
                change_types(tx, conference_id, changed)
                record_staff_act(tx, staff.id, "types_changed", conference_id, conference_id)
            return go(url_for("organise_conference", conference_id=conference_id))
        except Refused as error:
            form.wrong("", _(str(error)))
    return _types_page(conference, form), 422


def _read_type(form: Form, known: AdmissionType, conference: Conference) -> AdmissionType:
    code = known.code
    texts: Mapping[str, str] = {
        name: form.text(f"{code}.{name}", required=name in ("name_en", "name_de")) for name in TEXTS
    }
    rate = form.money(f"{code}.vat_rate", "EUR")
    if rate is not None and rate.amount > 10_000:
        form.wrong(f"{code}.vat_rate", _("A VAT rate is between 0 and 100 %."))
    days: tuple[date, ...] = tuple(day for day in conference.days if form.checked(f"{code}.day.{day.isoformat()}"))
    return replace(
        known,
        **texts,
        vat_rate=rate.amount if rate else known.vat_rate,
        is_hidden=form.checked(f"{code}.is_hidden"),
        days=() if len(days) == len(conference.days) else days,
    )


def _policy_page(conference: Conference, form: Form) -> str:
    return render_template(
        "organise/policy.html", conference=conference, form=form, rows=range(MOST_STEPS), here="tickets"
    )


def _types_page(conference: Conference, form: Form) -> str:
    return render_template("organise/types.html", conference=conference, form=form, here="tickets")
