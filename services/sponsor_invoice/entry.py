"""Pages on which finance enters things: the seller, packages, sponsors, what was signed. What was typed is kept."""

from __future__ import annotations

import re
from typing import Final

from flask import Blueprint, redirect, render_template, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from services.sponsor_invoice import forms, handlers, store, views
from services.sponsor_invoice.forms import refuse
from services.sponsor_invoice.selling import DAYS_TO_PAY, MAX_DAYS_TO_PAY
from shared.database import Database
from shared.errors import Conflict, InvalidInput, NotFound
from shared.runtime import Runtime
from shared.web.forms import Form
from shared.web.i18n import gettext as _
from shared.web.staff import require, staff_only, the_staff

VIEWERS: Final = ("finance", "organiser")
Page = Response | str | tuple[str, int]


def add_routes(pages: Blueprint, runtime: Runtime, database: Database) -> None:
    """The entry forms, under `/finance`."""

    def fresh(prefix: str) -> str:
        return runtime.ids.new(prefix, runtime.clock.now())

    def given(form: Form, prefix: str) -> str:
        """The id that the form was shown with, so that sending it twice does its work once."""
        id = form.values.get("id", "")
        return id if re.fullmatch(rf"{prefix}_[0-9a-f]{{32}}", id) else fresh(prefix)

    @pages.route("/sellers/new", methods=["GET", "POST"])
    @pages.route("/sellers/<seller_id>", methods=["GET", "POST"])
    @staff_only("finance")
    def seller(seller_id: str = "") -> Page:
        require("", "finance")
        with database.reading() as connection:
            before = store.load_seller(connection, seller_id) if seller_id else None
        form = Form(request.form if request.method == "POST" else forms.seller_values(before, fresh("sel")))
        if request.method == "POST":
            entered = forms.read_seller(form, before, given(form, "sel"), fresh("acc"))
            if entered is not None:
                try:
                    with database.transaction(the_staff().actor) as tx:
                        handlers.define_seller(tx, entered)
                    return redirect("/finance")
                except (InvalidInput, Conflict) as error:
                    refuse(form, error)
        page = render_template("finance/seller.html", form=form, seller=before, here="sponsors")
        return page, 422 if form.errors else 200

    @pages.route("/sponsors/new", methods=["GET", "POST"])
    @pages.route("/sponsors/<sponsor_id>", methods=["GET", "POST"])
    @staff_only("finance")
    def sponsor(sponsor_id: str = "") -> Page:
        with database.reading() as connection:
            before = store.load_sponsor(connection, sponsor_id) if sponsor_id else None
            contact = store.load_people(connection, [before.contact_id]).get(before.contact_id) if before else None
        form = Form(request.form if request.method == "POST" else forms.sponsor_values(before, contact, fresh("spo")))
        if request.method == "POST":
            read = forms.read_sponsor(
                form,
                before.id if before else given(form, "spo"),
                contact.id if contact else fresh("per"),
                runtime.clock.now(),
            )
            if read is not None:
                with database.transaction(the_staff().actor) as tx:
                    handlers.enter_sponsor(tx, *read)
                return redirect("/finance/sponsors")
        page = render_template("finance/sponsor.html", form=form, sponsor=before, contact=contact, here="sponsors")
        return page, 422 if form.errors else 200

    @pages.get("/sponsors")
    @staff_only("finance")
    def sponsors() -> str:
        with database.reading() as connection:
            entered = store.list_sponsors(connection)
            people = store.load_people(connection, [each.contact_id for each in entered])
        return render_template("finance/sponsors.html", sponsors=entered, people=people, here="sponsors")

    @pages.route("/conferences/<conference_id>/packages/new", methods=["GET", "POST"])
    @pages.route("/conferences/<conference_id>/packages/<package_id>", methods=["GET", "POST"])
    @staff_only("finance")
    def package(conference_id: str, package_id: str = "") -> Page:
        with database.reading() as connection:
            conference = store.conference(connection, conference_id)
            before = store.load_package(connection, package_id) if package_id else None
        if before is not None and before.conference_id != conference_id:
            raise NotFound("There is no such package: define it first.")
        form = Form(request.form if request.method == "POST" else forms.package_values(before, fresh("pac")))
        if request.method == "POST":
            id = before.id if before else given(form, "pac")
            entered = forms.read_package(form, id, conference)
            if entered is not None:
                try:
                    with database.transaction(the_staff().actor) as tx:
                        handlers.define_package(tx, entered)
                    return redirect(f"/finance/conferences/{conference_id}/packages")
                except (InvalidInput, Conflict) as error:
                    refuse(form, error)
        page = render_template(
            "finance/package.html",
            form=form,
            package=before,
            conference=conference,
            types=forms.admission_types(conference),
            here="sponsors",
        )
        return page, 422 if form.errors else 200

    @pages.get("/conferences/<conference_id>/packages")
    @staff_only(*VIEWERS)
    def packages(conference_id: str) -> str:
        with database.reading() as connection:
            conference = store.conference(connection, conference_id)
            offered = views.packages(connection, conference_id)
        return render_template("finance/packages.html", conference=conference, packages=offered, here="sponsors")

    @pages.route("/conferences/<conference_id>/sign", methods=["GET", "POST"])
    @staff_only("finance")
    def sign(conference_id: str) -> Page:
        with database.reading() as connection:
            conference = store.conference(connection, conference_id)
            offers = _offers(connection, conference_id)
        today = runtime.clock.now().astimezone(store.zone(conference)).date()
        begin = {
            "id": fresh("shp"),
            "signed_on": today,
            "days_to_pay": DAYS_TO_PAY,
            "seller_id": _usual_seller(offers["sellers"], conference.seller),
        }
        form, status = Form(request.form if request.method == "POST" else begin), 200
        if request.method == "POST":
            package_id = form.choice("package_id", [value for value, _name in offers["packages"]])
            sponsor_id = form.choice("sponsor_id", [value for value, _name in offers["sponsors"]])
            seller_id = form.choice("seller_id", [value for value, _name in offers["sellers"]])
            signed_on = form.day("signed_on")
            order_number = form.text("order_number", required=False, longest=60)
            days_to_pay = form.integer("days_to_pay", lowest=0, highest=MAX_DAYS_TO_PAY)
            waits = form.choice("vouchers_wait", ["yes", "no"], required=False)
            if signed_on and signed_on > today:
                form.wrong("signed_on", _("Nobody signs in the future: choose today or an earlier day."))
            if not form.errors and signed_on is not None and days_to_pay is not None:
                sponsorship_id = given(form, "shp")
                try:
                    with database.transaction(the_staff().actor) as tx:
                        handlers.sign_sponsorship(
                            tx,
                            sponsorship_id=sponsorship_id,
                            package_id=package_id,
                            sponsor_id=sponsor_id,
                            seller_id=seller_id,
                            signed_on=signed_on,
                            order_number=order_number,
                            days_to_pay=days_to_pay,
                            vouchers_wait=None if not waits else waits == "yes",
                        )
                    return redirect(f"/finance/sponsorships/{sponsorship_id}")
                except (InvalidInput, Conflict) as error:
                    refuse(form, error)
                    status = error.status
        page = render_template("finance/sign.html", form=form, conference=conference, offers=offers, here="sponsors")
        return page, 422 if form.errors and status == 200 else status


def _offers(connection: Connection, conference_id: str) -> dict[str, list[tuple[str, str]]]:
    packages = [
        (
            package.id,
            package.name if package.cap is None else f"{package.name} ({max(package.cap - taken, 0)} / {package.cap})",
        )
        for package, taken in views.packages(connection, conference_id)
    ]
    return {
        "packages": packages,
        "sponsors": [(each.id, each.name) for each in store.list_sponsors(connection)],
        "sellers": [(each.id, each.name) for each in store.list_sellers(connection)],
    }


def _usual_seller(sellers: list[tuple[str, str]], wanted: str) -> str:
    """The conference's own seller, by its name or id; else the first."""
    by_name = [id for id, name in sellers if wanted in (id, name)]
    return (by_name or [id for id, _name in sellers] or [""])[0]
