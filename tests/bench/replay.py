"""Replay: catering's projections rebuilt from a log of admissions, beside a bare reader that decodes and inserts in batches."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from datetime import timedelta

import msgspec
import sqlalchemy as sa

from infra.services import module, prepare
from shared import wire
from shared.events.ticketing import AdmissionIssued
from shared.log import Message, TopicPartition
from shared.rebuild import rebuild
from shared.runtime import Runtime
from tests.bench.parts import STACKS, Place, note, peak_megabytes, place, report
from tests.support.probe import START, issued

EVENTS = 200_000
PER_KEY = 5
BAR = 0.5


def main() -> None:
    for stack in STACKS:
        with place(stack) as where:
            _measure(where)


def _measure(where: Place) -> None:
    runtime = where.runtime()
    prepare(runtime, ("ticket", "catering"))
    note(f"replay/{where.stack}: writing {EVENTS} events ...")
    producer = runtime.log.producer("bench")
    batch: list[Message] = []
    for message in _messages():
        batch.append(message)
        if len(batch) == 5000:
            producer.send(batch)
            batch = []
    producer.close()
    service = module("catering").SERVICE
    database = runtime.database(service)
    _mark_as_read(runtime)
    note(f"replay/{where.stack}: the bare reader ...")
    bare_rate = EVENTS / _bare(runtime, database.engine)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    note(f"replay/{where.stack}: the rebuild ...")
    began = time.perf_counter()
    done = rebuild(service, database, runtime.log)
    rate = done.events / (time.perf_counter() - began)
    figures = {
        "events": done.events,
        "events_per_s": round(rate),
        "bare_per_s": round(bare_rate),
        "ratio": round(rate / bare_rate, 2),
        "peak_mb": peak_megabytes(),
        "grew_mb": round(peak_megabytes() - before, 1),
        "hash": done.after[:16],
        "again_equal": rebuild(service, database, runtime.log).equal,
    }
    runtime.close()
    report("replay", where.stack, figures, {f"ratio >= {BAR}": rate / bare_rate >= BAR})


def _messages() -> Iterator[Message]:
    for order in range(EVENTS // PER_KEY):
        for number in range(PER_KEY):
            event = issued(f"adm_{order}_{number}", f"ord_{order}")
            value = wire.encode(
                id=f"evt_{order}_{number}",
                owner="ticket",
                type="ticketing.admission_issued",
                key=event.order_id,
                sequence=number + 1,
                time=START + timedelta(seconds=order),
                conference_id=event.conference_id,
                actor="system",
                traceparent="",
                data=wire.encode_data(event),
            )
            yield Message("ticketing.orders", event.order_id, value)


def _mark_as_read(runtime: Runtime) -> None:
    """As if catering had consumed all of it: a rebuild goes as far as its positions."""
    database = runtime.database(module("catering").SERVICE)
    with database.transaction() as tx:
        for place_, end in runtime.log.ends(["ticketing.orders"]).items():
            where = {"topic": place_.topic, "partition": place_.partition}
            tx.execute(sa.insert(database.frame.positions), {**where, "next_offset": end, "message_at": tx.now})


def _bare(runtime: Runtime, engine: sa.Engine) -> float:
    """Seconds for reading, decoding and inserting the same facts without inbox, order or state."""
    table = sa.Table(
        "bare_admissions",
        sa.MetaData(),
        sa.Column("admission_id", sa.String(60), primary_key=True),
        sa.Column("conference_id", sa.String(60)),
        sa.Column("admission_type", sa.String(60)),
    )
    table.create(engine)
    decoder = msgspec.json.Decoder(AdmissionIssued)
    form = msgspec.json.Decoder()
    began = time.perf_counter()
    with engine.begin() as connection:
        for where, end in runtime.log.ends(["ticketing.orders"]).items():
            offset = 0
            while offset < end:
                records = runtime.log.read(TopicPartition(*where), offset, 5000, timeout=10.0)
                events = [decoder.decode(msgspec.json.encode(form.decode(record.value)["data"])) for record in records]
                connection.execute(
                    sa.insert(table),
                    [
                        {
                            "admission_id": event.admission_id,
                            "conference_id": event.conference_id,
                            "admission_type": event.admission_type,
                        }
                        for event in events
                    ],
                )
                offset = records[-1].offset + 1
    took = time.perf_counter() - began
    table.drop(engine)
    return took
