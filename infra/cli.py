"""The command line `stagedoor`. `make` offers the same words."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from shared.errors import StagedoorError


class Main(click.Group):
    """Says an error of ours in one sentence, without a traceback."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except StagedoorError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Main)
def main() -> None:
    """Tickets, sponsor invoices, reminders and catering of a conference."""


@main.command()
@click.option("--port", default=8000, show_default=True, help="Where the front door listens.")
@click.option("--stack", type=click.Choice(["local", "cluster"]), default="local", show_default=True)
def run(port: int, stack: str) -> None:
    """Run everything on this machine."""
    from infra.runner.run import run as run_everything

    sys.exit(run_everything(port, stack))


@main.command()
@click.argument("service", default="all")
@click.option("--listen", default="127.0.0.1:8000", show_default=True, help="host:port")
@click.option("--processes", default=2, show_default=True)
@click.option("--threads", default=8, show_default=True)
def web(service: str, listen: str, processes: int, threads: int) -> None:
    """Serve the pages and APIs of SERVICE, or of all behind one front door."""
    arguments = [
        *(sys.executable, "-m", "gunicorn", "--bind", listen, "--workers", str(processes), "--threads", str(threads)),
        *(
            "--preload",
            "--no-control-socket",
            "--worker-class",
            "gthread",
            "--graceful-timeout",
            "8",
            "--keep-alive",
            "5",
        ),
        *("--config", "python:infra.gunicorn_hooks", "infra.wsgi:make_application()"),
    ]
    os.execve(sys.executable, arguments, {**os.environ, "ROLE": service})


@main.command()
@click.argument("service", default="all")
@click.option("--listen", default="127.0.0.1:8001", show_default=True, help="host:port of what services ask each other")
@click.option("--apart", is_flag=True, help="A process for each service: quicker, and larger.")
def worker(service: str, listen: str, apart: bool) -> None:
    """Do the work of SERVICE, or of all: relay, consumer, timers, errands."""
    from infra.services import NAMES
    from infra.work import work
    from shared import logs
    from shared.runtime import Runtime

    runtime = Runtime.from_environment()
    logs.configure(runtime.settings.log_level)
    sys.exit(work(runtime, NAMES if service == "all" else [service], listen, apart))


@main.command()
@click.argument("service", default="all")
def migrate(service: str) -> None:
    """Bring the databases to this version and create the topics."""
    from infra.services import NAMES, prepare
    from shared.runtime import Runtime

    prepare(Runtime.from_environment(), NAMES if service == "all" else [service])


@main.command("first-link")
def first_link() -> None:
    """Print the link by which the first member of staff gets in, good once and for a day."""
    from infra.services import module
    from shared.runtime import Runtime

    link = module("console").first_link(Runtime.from_environment())
    click.echo(link or "Somebody is in already: they invite the others under /staff/people.")


@main.command()
@click.argument("service")
def rebuild(service: str) -> None:
    """Make the projections of SERVICE anew from its topics. Nobody is mailed or charged."""
    from infra.services import module
    from shared.rebuild import rebuild as rebuild_projections
    from shared.runtime import Runtime

    runtime = Runtime.from_environment()
    declared = module(service).SERVICE
    done = rebuild_projections(
        declared,
        runtime.database(declared),
        runtime.log,
        lambda events: click.echo(f"\r{events} events", nl=False, err=True),
    )
    click.echo(err=True)
    change = "they are as they were" if done.equal else "they were different before"
    click.echo(f"Rebuilt the projections of {service} from {done.events} events; {change}.")


@main.command()
@click.option("--quiet-minutes", default=5.0, show_default=True, help="Compare keys that were quiet for so long.")
def verify(quiet_minutes: float) -> None:
    """Compare what was said with what was heard, and each service's own facts."""
    from datetime import timedelta

    from infra.services import services
    from shared.runtime import Runtime
    from shared.verify import broken, missed

    runtime = Runtime.from_environment()
    declared = services()
    databases = {service.name: runtime.database(service) for service in declared}
    found = [str(m) for m in missed(declared, databases, runtime.clock.now(), timedelta(minutes=quiet_minutes))]
    found += [
        f"{service.name}: {sentence}" for service in declared for sentence in broken(service, databases[service.name])
    ]
    for sentence in found:
        click.echo(sentence)
    if found:
        raise click.ClickException(f"{len(found)} differences. See docs/operating.md, 'Something was missed'.")
    click.echo("Everything that was said was heard, and every service's facts agree.")


@main.group()
def parked() -> None:
    """Messages that were set aside with their key."""


@parked.command("list")
def parked_list() -> None:
    """Show them, service by service."""
    from infra.services import services
    from shared.operations import list_parked
    from shared.runtime import Runtime

    runtime = Runtime.from_environment()
    total = 0
    for service in services():
        for row in list_parked(runtime.database(service)):
            total += 1
            click.echo(
                f"{service.name} {row['id']}  {row['topic']} {row['key']} number {row['sequence']}  "
                f"{row['reason']} since {row['at']}  {row['error']}"
            )
    click.echo(f"{total} parked" if total else "Nothing is parked.")


@parked.command("retry")
@click.argument("service")
@click.argument("parked_id", type=int)
def parked_retry(service: str, parked_id: int) -> None:
    """Try message PARKED_ID of SERVICE again, and what waits behind it."""
    from infra.services import module
    from shared.operations import retry_parked
    from shared.runtime import Runtime

    runtime = Runtime.from_environment()
    declared = module(service).SERVICE
    click.echo(f"Taken: {retry_parked(declared, runtime.database(declared), parked_id)}.")


@parked.command("drop")
@click.argument("service")
@click.argument("parked_id", type=int)
@click.confirmation_option(prompt="It will never be handled. Drop it?")
def parked_drop(service: str, parked_id: int) -> None:
    """Give message PARKED_ID of SERVICE up for ever, and go on with what waits behind it."""
    from infra.services import module
    from shared.operations import drop_parked
    from shared.runtime import Runtime

    runtime = Runtime.from_environment()
    declared = module(service).SERVICE
    taken = drop_parked(declared, runtime.database(declared), parked_id, actor="command line")
    click.echo(f"Dropped. Taken behind it: {taken}.")


@main.group()
def demo() -> None:
    """The demo conference of a first start."""


@demo.command("remove")
def demo_remove() -> None:
    """Take the demo conference and everything about it away."""
    from infra.demo import remove_demo
    from shared.runtime import Runtime

    click.echo(remove_demo(Runtime.from_environment()))


@main.command()
@click.argument("registrations", required=False, type=click.Path())
@click.option("--stack", type=click.Choice(["local", "cluster"]), default="local", show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--report", default="var/rehearsal.html", show_default=True, type=click.Path())
def rehearse(registrations: str | None, stack: str, seed: int, report: str) -> None:
    """Play a whole conference with throw-away parts: from the first registration to the day after doors.

    REGISTRATIONS is a CSV file with the columns date, registered and later_cancelled; without it a sample is played.
    """
    from infra.rehearsal import rehearse as play

    play(registrations, stack=stack, seed=seed, report=report)


@main.command()
def asyncapi() -> None:
    """Print the AsyncAPI document of the topics."""
    from infra.asyncapi import text

    click.echo(text(), nl=False)


@main.command()
def settings() -> None:
    """Show every setting, what it is for and what it is now."""
    from dataclasses import fields

    from shared.config import PREFIX, Settings, load

    loaded = load()
    for item in fields(Settings):
        value = getattr(loaded, item.name)
        shown = "(set)" if item.metadata["secret"] and value else value or "(empty)"
        click.echo(f"{PREFIX}{item.name.upper()}={shown}\n    {item.metadata['help']}")


if __name__ == "__main__":
    main()
