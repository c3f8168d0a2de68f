"""What every log must do: one suite, each test on each backend."""

from __future__ import annotations

import contextlib
import dataclasses
import multiprocessing
import os
import random
import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from multiprocessing.connection import Connection

import pytest

from shared.errors import Corrupt, Unavailable
from shared.log import (
    PARTITIONS,
    Log,
    LogConsumer,
    Message,
    Record,
    SendFailed,
    TopicPartition,
    TopicPartitionOffset,
    open_log,
    partition_of,
)
from tests.conformance.conftest import Backend

PATIENCE = 60.0
"""Seconds after which a test that waits has failed. No test is about how long something takes."""

LETTERS = [TopicPartition("letters", partition) for partition in range(PARTITIONS)]


def from_the_start(places: Iterable[TopicPartition]) -> Mapping[TopicPartition, int]:
    return {}


def letters(*keys: str, value: bytes = b"x") -> list[Message]:
    return [Message("letters", key, value) for key in keys]


def numbered(key: str, count: int, topic: str = "letters") -> list[Message]:
    return [Message(topic, key, str(number).encode()) for number in range(count)]


def send(log: Log, messages: list[Message]) -> list[TopicPartitionOffset]:
    producer = log.producer("test")
    try:
        return producer.send(messages)
    finally:
        producer.close()


@contextlib.contextmanager
def member(
    log: Log,
    group: str = "readers",
    topics: tuple[str, ...] = ("letters",),
    positions: Callable[[Iterable[TopicPartition]], Mapping[TopicPartition, int]] = from_the_start,
) -> Iterator[LogConsumer]:
    consumer = log.consumer(group, topics, positions)
    try:
        yield consumer
    finally:
        consumer.close()


def take(consumer: LogConsumer, count: int) -> list[Record]:
    """Poll until there are `count` records."""
    taken: list[Record] = []
    deadline = time.monotonic() + PATIENCE
    while len(taken) < count:
        assert time.monotonic() < deadline, f"only {len(taken)} of {count} records came"
        taken += consumer.poll(0.2)
    return taken


def join(consumer: LogConsumer) -> None:
    """Poll until the member holds all partitions; there must be nothing to read."""
    deadline = time.monotonic() + PATIENCE
    while len(consumer.assignment()) < PARTITIONS:
        assert time.monotonic() < deadline, "the member was given no partitions"
        assert consumer.poll(0.1) == []


def values_by_key(records: Iterable[Record]) -> dict[str, list[int]]:
    values: dict[str, list[int]] = defaultdict(list)
    for record in records:
        values[record.key].append(int(record.value))
    return values


def everything(log: Log, topic: str = "letters") -> list[Record]:
    return [record for place in log.ends([topic]) for record in read_all(log, place)]


def read_all(log: Log, place: TopicPartition) -> list[Record]:
    records: list[Record] = []
    while len(records) < log.ends([place.topic])[place]:
        records += log.read(place, len(records), limit=500, timeout=5)
    return records


# Sending


def test_a_send_says_where_each_message_went(log: Log) -> None:
    messages = [Message("letters", f"key-{number % 9}", str(number).encode()) for number in range(50)]
    places = send(log, messages)
    for message, place in zip(messages, places, strict=True):
        assert place.partition == partition_of(message.key)
        record = log.read(TopicPartition(place.topic, place.partition), place.offset, limit=1, timeout=5)[0]
        assert record == Record(place.topic, place.partition, place.offset, message.key, message.value)


def test_offsets_are_dense_and_begin_at_zero(log: Log) -> None:
    places = [
        place for number in range(5) for place in send(log, letters("a", "b", "c", "d", "e", value=b"%d" % number))
    ]
    for partition in range(PARTITIONS):
        offsets = [place.offset for place in places if place.partition == partition]
        assert offsets == list(range(len(offsets)))


def test_a_send_of_nothing_stores_nothing(log: Log) -> None:
    assert send(log, []) == []
    assert set(log.ends(["letters"]).values()) == {0}


def test_any_text_is_a_key_and_any_bytes_are_a_value(log: Log) -> None:
    places = send(log, [Message("letters", "Käthe \U0001f3ab", bytes(range(256))), Message("letters", "", b"")])
    found = [log.read(TopicPartition(p.topic, p.partition), p.offset, timeout=5)[0] for p in places]
    assert [(record.key, record.value) for record in found] == [("Käthe \U0001f3ab", bytes(range(256))), ("", b"")]


def test_a_failed_send_names_only_what_was_stored_and_can_be_gone_on_with(log: Log, backend: Backend) -> None:
    producer = log.producer("test")
    messages = numbered("a", 20) + letters("a", value=bytes(2 << 20)) + numbered("b", 5)
    producer.send(numbered("z", 1))
    backend.refuse_large_messages(producer)
    with pytest.raises(SendFailed) as failure:
        producer.send(messages)
    producer.close()
    stored = failure.value.stored
    assert len(stored) <= 20
    for message, place in zip(messages, stored, strict=False):
        record = log.read(TopicPartition(place.topic, place.partition), place.offset, limit=1, timeout=5)[0]
        assert (record.key, record.value) == (message.key, message.value)
    send(log, [message for message in messages[len(stored) :] if len(message.value) < 100])
    values = values_by_key(everything(log))
    assert list(dict.fromkeys(values["a"])) == list(range(20))
    assert values["b"][-5:] == list(range(5))


def test_a_send_to_a_topic_that_is_missing_fails(log: Log) -> None:
    producer = log.producer("test")
    with pytest.raises(SendFailed) as failure:
        producer.send([Message("nonsense", "a", b"x")])
    assert failure.value.stored == []
    producer.close()


def test_producers_in_many_threads_lose_and_mix_up_nothing(log: Log) -> None:
    def produce(name: str) -> None:
        producer = log.producer(name)
        messages = numbered(name, 100)
        for start in range(0, 100, 10):
            producer.send(messages[start : start + 10])
        producer.close()

    threads = [threading.Thread(target=produce, args=(f"thread-{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert values_by_key(everything(log)) == {f"thread-{number}": list(range(100)) for number in range(6)}


def produce_in_a_process(url: str, prefix: str, name: str) -> None:
    log = open_log(url, prefix)
    producer = log.producer(name)
    for message in numbered(name, 50):
        producer.send([message])
    producer.close()
    log.close()


def test_producers_in_many_processes_lose_and_mix_up_nothing(log: Log, backend: Backend) -> None:
    spawn = multiprocessing.get_context("spawn")
    processes = [
        spawn.Process(target=produce_in_a_process, args=(backend.url, backend.prefix, f"process-{number}"))
        for number in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert values_by_key(everything(log)) == {f"process-{number}": list(range(50)) for number in range(3)}


def test_a_log_that_was_used_before_a_fork_works_in_the_child(log: Log) -> None:
    producer = log.producer("parent")
    producer.send(numbered("parent", 1))
    assert len(everything(log)) == 1

    def child() -> None:
        if len(everything(log)) != 1:
            os._exit(2)
        in_child = log.producer("child")
        in_child.send(numbered("child", 2))
        with member(log) as consumer:
            os._exit(0 if len(take(consumer, 3)) == 3 else 3)

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(PATIENCE)
    assert process.exitcode == 0
    producer.send(numbered("after", 1))
    producer.close()
    assert sorted(values_by_key(everything(log))) == ["after", "child", "parent"]


# Consuming


def test_records_of_a_key_come_in_the_order_they_were_sent(log: Log) -> None:
    keys = [f"key-{number}" for number in range(10)]
    producer = log.producer("test")
    for start in range(0, 60, 20):
        producer.send([Message("letters", key, b"%d" % number) for number in range(start, start + 20) for key in keys])
    producer.close()
    with member(log) as consumer:
        records = take(consumer, 600)
    assert values_by_key(records) == {key: list(range(60)) for key in keys}
    assert {record.partition for record in records} == set(range(PARTITIONS))


def test_one_member_reads_all_partitions_of_all_its_topics(log: Log) -> None:
    send(log, [Message(topic, str(key), b"1") for topic in ("letters", "numbers") for key in range(40)])
    with member(log, topics=("letters", "numbers")) as consumer:
        records = take(consumer, 80)
        assert consumer.assignment() == {
            TopicPartition(topic, partition) for topic in ("letters", "numbers") for partition in range(PARTITIONS)
        }
    assert Counter(record.topic for record in records) == {"letters": 40, "numbers": 40}
    assert {record.place for record in records} == {
        TopicPartition(t, p) for t in ("letters", "numbers") for p in range(4)
    }


def test_a_member_starts_where_its_database_says(log: Log) -> None:
    send(log, [Message("letters", str(key), b"1") for key in range(100)])
    ends = log.ends(["letters"])
    start = {place: ends[place] - 2 for place in LETTERS}
    asked: list[set[TopicPartition]] = []

    def positions(places: Iterable[TopicPartition]) -> Mapping[TopicPartition, int]:
        asked.append(set(places))
        return start

    with member(log, positions=positions) as consumer:
        records = take(consumer, 8)
        assert consumer.poll(0.1) == []
    assert {(record.place, record.offset) for record in records} == {
        (place, offset) for place in LETTERS for offset in range(start[place], ends[place])
    }
    assert set().union(*asked) == set(LETTERS)


def test_a_member_goes_back_after_a_transaction_that_failed(log: Log) -> None:
    send(log, [Message("letters", str(key), b"1") for key in range(40)])
    with member(log) as consumer:
        first = take(consumer, 40)
        consumer.seek({LETTERS[0]: 1, LETTERS[2]: 0, TopicPartition("numbers", 0): 7})
        again = take(consumer, sum(r.partition == 2 or (r.partition == 0 and r.offset > 0) for r in first))
        assert consumer.poll(0.1) == []
    order = sorted(again, key=lambda record: (record.place, record.offset))
    assert order == sorted(
        (r for r in first if r.partition == 2 or (r.partition == 0 and r.offset > 0)), key=lambda r: (r.place, r.offset)
    )


def test_going_back_in_the_middle_of_what_is_behind_brings_it_in_order(log: Log) -> None:
    send(log, numbered("a", 300))
    place = TopicPartition("letters", partition_of("a"))
    with member(log) as consumer:
        got = take(consumer, 1)
        consumer.seek({place: 0})
        records: list[Record] = []
        while len(records) < 300:
            records += consumer.poll(0.2, limit=7)
    assert got[0].offset == 0
    assert [record.offset for record in records] == list(range(300))


def test_a_poll_brings_no_more_than_its_limit(log: Log) -> None:
    send(log, [Message("letters", str(key), b"1") for key in range(100)])
    with member(log) as consumer:
        taken = 0
        while taken < 100:
            records = consumer.poll(0.2, limit=7)
            assert len(records) <= 7
            taken += len(records)


def test_a_long_partition_does_not_starve_the_others(log: Log) -> None:
    # More than one answer of a broker brings, also compressed.
    long = [Message("letters", "a", random.Random(number).randbytes(3000)) for number in range(2000)]
    send(log, long + [Message("letters", str(key), b"1") for key in range(50)])
    with member(log) as consumer:
        seen: set[int] = set()
        taken = 0
        while seen != set(range(PARTITIONS)):
            records = consumer.poll(0.2, limit=50)
            taken += len(records)
            seen |= {record.partition for record in records}
    assert taken < 2000


def test_a_poll_that_waits_is_woken_by_a_send(log: Log) -> None:
    with member(log) as consumer:
        join(consumer)
        thread = threading.Thread(target=send, args=(log, letters("a")))
        thread.start()
        assert [record.key for record in take(consumer, 1)] == ["a"]
        thread.join()


def test_each_group_reads_everything(log: Log) -> None:
    send(log, letters("a", "b", "c"))
    with member(log, "catering") as one, member(log, "notification") as two:
        assert {record.key for record in take(one, 3)} == {record.key for record in take(two, 3)} == {"a", "b", "c"}


def test_a_report_changes_nothing_and_never_fails(log: Log) -> None:
    send(log, letters("a", "b"))
    with member(log) as consumer:
        take(consumer, 2)
        consumer.report(dict.fromkeys(LETTERS, 1))
        consumer.report({TopicPartition("nonsense", 99): 5})
        assert consumer.poll(0.1) == []
    consumer.report({LETTERS[0]: 1})
    with member(log) as consumer:
        assert len(take(consumer, 2)) == 2


def test_a_position_beyond_the_end_is_told_not_waited_for(log: Log) -> None:
    send(log, letters("a", "b"))

    def far_ahead(places: Iterable[TopicPartition]) -> Mapping[TopicPartition, int]:
        return dict.fromkeys(places, 1000)

    with member(log, positions=far_ahead) as consumer, pytest.raises(Corrupt, match="stagedoor recover"):
        take(consumer, 1)


def test_positions_that_cannot_be_read_are_asked_for_again(log: Log) -> None:
    send(log, letters("a", "b", "c"))
    answers = iter([Unavailable("the database is away"), Unavailable("still"), None])

    def positions(places: Iterable[TopicPartition]) -> Mapping[TopicPartition, int]:
        answer = next(answers, None)
        if answer:
            raise answer
        return {}

    with member(log, positions=positions) as consumer:
        failures = 0
        records: list[Record] = []
        while len(records) < 3:
            try:
                records += consumer.poll(0.2)
            except Unavailable:
                failures += 1
                assert consumer.assignment() == set()
    assert failures == 2
    assert len(records) == 3


# Groups


def test_a_second_member_takes_over_when_the_first_closes(log: Log) -> None:
    send(log, letters("a", "b", "c"))
    one = log.consumer("readers", ["letters"], from_the_start)
    assert len(take(one, 3)) == 3
    with member(log, positions=lambda places: log.ends(["letters"])) as two:
        two.poll(0)
        one.close()
        send(log, letters("d", "e"))
        deadline = time.monotonic() + PATIENCE
        while len(two.assignment()) < PARTITIONS:
            assert time.monotonic() < deadline
            two.poll(0.1)


def hold_in_a_process(url: str, prefix: str, pipe: Connection) -> None:
    consumer = open_log(url, prefix).consumer("readers", ["letters"], from_the_start)
    take(consumer, 3)
    pipe.send("holding")
    while True:
        consumer.poll(0.2)


def test_a_second_member_takes_over_when_the_first_dies(log: Log, backend: Backend) -> None:
    send(log, letters("a", "b", "c"))
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=hold_in_a_process, args=(backend.url, backend.prefix, theirs))
    process.start()
    try:
        assert ours.poll(PATIENCE)
    finally:
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
    with member(log) as consumer:
        assert len(take(consumer, 3)) == 3
        assert consumer.assignment() == set(LETTERS)


def test_no_partition_is_held_by_two_members_at_rest(log: Log) -> None:
    with member(log) as one, member(log) as two:
        deadline = time.monotonic() + PATIENCE
        settled = 0
        while settled < 5:  # several polls of both in a row with one and the same complete assignment
            now = f"one holds {one.assignment()}, two {two.assignment()}"
            assert time.monotonic() < deadline, now
            before = (one.assignment(), two.assignment())
            one.poll(0.1)
            two.poll(0.1)
            # A member that the group has given up learns it with a heartbeat: only then is it at rest.
            complete = sorted([*one.assignment(), *two.assignment()]) == sorted(LETTERS)
            settled = settled + 1 if complete and before == (one.assignment(), two.assignment()) else 0


def test_a_member_that_rejoins_asks_where_to_start_again(log: Log) -> None:
    send(log, letters("a", "b", "c"))
    with member(log) as consumer:
        assert len(take(consumer, 3)) == 3
        consumer.rejoin()
        assert consumer.assignment() == set()
        assert len(take(consumer, 3)) == 3


class Ledger:
    """A consumer's database: the position per partition moves with what was handled, or not at all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next: dict[TopicPartition, int] = {}
        self.handled: list[Record] = []

    def positions(self, places: Iterable[TopicPartition]) -> Mapping[TopicPartition, int]:
        with self._lock:
            return {place: self._next.get(place, 0) for place in places}

    def commit(self, records: list[Record]) -> bool:
        """False, and nothing done, when a position had moved: then the member is a zombie."""
        with self._lock:
            after = dict(self._next)
            for record in records:
                if record.offset != after.get(record.place, 0):
                    return False
                after[record.place] = record.offset + 1
            self._next = after
            self.handled += records
            return True


def test_members_that_come_and_go_in_the_middle_handle_everything_once_and_in_order(log: Log) -> None:
    keys = [f"key-{number}" for number in range(8)]
    total = 8 * 150
    ledger = Ledger()
    second_may_join = threading.Event()
    first_may_leave = threading.Event()

    def work(may_go_on: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        with member(log, positions=ledger.positions) as consumer:
            while may_go_on() and len(ledger.handled) < total and time.monotonic() < deadline:
                records = consumer.poll(0.1, limit=20)
                if records and not ledger.commit(records):
                    consumer.rejoin()
                if len(ledger.handled) >= total // 4:
                    second_may_join.set()
                if len(ledger.handled) >= total // 2:
                    first_may_leave.set()

    first = threading.Thread(target=work, args=(lambda: not first_may_leave.is_set(),))
    first.start()

    def join_later() -> None:
        second_may_join.wait(PATIENCE)
        work(lambda: True)

    second = threading.Thread(target=join_later)
    second.start()
    producer = log.producer("test")
    for start in range(0, 150, 10):
        producer.send([Message("letters", key, b"%d" % number) for number in range(start, start + 10) for key in keys])
    producer.close()
    first.join()
    second.join()
    assert values_by_key(ledger.handled) == {key: list(range(150)) for key in keys}


# Reading without a group


def test_a_partition_can_be_read_from_any_offset(log: Log) -> None:
    send(log, numbered("a", 30))
    place = TopicPartition("letters", partition_of("a"))
    assert [record.offset for record in log.read(place, 25, timeout=5)] == [25, 26, 27, 28, 29]
    assert [record.offset for record in log.read(place, 3, limit=2, timeout=5)] == [3, 4]
    assert log.read(place, 30) == []
    assert [record.offset for record in log.read(place, 0, timeout=5)] == list(range(30))


def test_a_read_without_waiting_brings_what_is_there(log: Log) -> None:
    send(log, numbered("a", 30))
    assert len(log.read(TopicPartition("letters", partition_of("a")), 10)) == 20


def test_a_read_that_waits_is_woken_by_a_send(log: Log) -> None:
    place = TopicPartition("letters", partition_of("a"))
    assert log.read(place, 0, timeout=0.05) == []
    thread = threading.Thread(target=send, args=(log, letters("a")))
    thread.start()
    assert [record.key for record in log.read(place, 0, timeout=PATIENCE)] == ["a"]
    thread.join()


def test_reads_in_many_threads_do_not_disturb_each_other(log: Log) -> None:
    send(log, [Message("letters", str(key), b"1") for key in range(200)])
    ends = log.ends(["letters"])
    found: dict[TopicPartition, list[int]] = {}

    def read(place: TopicPartition) -> None:
        found[place] = [record.offset for record in read_all(log, place)]

    threads = [threading.Thread(target=read, args=(place,)) for place in LETTERS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {place: list(range(ends[place])) for place in LETTERS}


def test_the_ends_are_known_of_every_partition(log: Log) -> None:
    send(log, numbered("a", 3))
    place = TopicPartition("letters", partition_of("a"))
    ends = log.ends(["letters", "numbers"])
    assert set(ends) == {TopicPartition(t, p) for t in ("letters", "numbers") for p in range(PARTITIONS)}
    assert {p: end for p, end in ends.items() if end} == {place: 3}


def test_a_topic_that_is_missing_cannot_be_read(log: Log) -> None:
    with pytest.raises(Unavailable, match="nonsense"):
        log.ends(["nonsense"])
    with pytest.raises(Unavailable, match="nonsense"):
        log.read(TopicPartition("nonsense", 0), 0)
    with member(log, topics=("letters", "nonsense")) as consumer:
        with pytest.raises(Unavailable, match="nonsense"):
            take(consumer, 1)
        log.create_topics(["nonsense"])
        send(log, [Message("nonsense", "a", b"1")])
        assert [record.topic for record in take(consumer, 1)] == ["nonsense"]


# Topics


def test_topics_as_they_must_be_bring_no_complaint(log: Log) -> None:
    assert log.check_topics(["letters", "numbers"]) == []


def test_creating_topics_again_leaves_them_alone(log: Log) -> None:
    send(log, letters("a", "b"))
    log.create_topics(["letters", "signs"])
    assert len(everything(log)) == 2
    assert log.check_topics(["letters", "signs"]) == []


def test_a_topic_that_is_missing_is_complained_about(log: Log) -> None:
    (complaint,) = log.check_topics(["letters", "nonsense"])
    assert "nonsense" in complaint and "missing" in complaint


def test_a_topic_with_other_settings_is_complained_about_and_not_changed(log: Log, backend: Backend) -> None:
    backend.spoil("spoilt")
    log.create_topics(["spoilt"])
    complaints = log.check_topics(["letters", "spoilt"])
    assert any("spoilt" in complaint and f"must have {PARTITIONS}" in complaint for complaint in complaints)


def test_logs_with_different_prefixes_do_not_see_each_other(log: Log, backend: Backend) -> None:
    other = backend.open("other-")
    other.create_topics(["letters"])
    send(log, letters("a", "b", "c"))
    send(other, letters("d"))
    with member(log) as ours, member(other) as theirs:
        assert {record.key for record in take(ours, 3)} == {"a", "b", "c"}
        assert {record.key for record in take(theirs, 1)} == {"d"}
        assert ours.assignment() == theirs.assignment() == set(LETTERS)
    assert sum(other.ends(["letters"]).values()) == 1
    assert other.check_topics(["numbers"]) == ["Topic numbers is missing."]
    other.close()


# The whole


def test_a_log_declares_what_it_can(log: Log) -> None:
    features = dataclasses.asdict(log.features)
    assert features.pop("name") in ("embedded", "kafka")
    assert all(isinstance(value, bool) for value in features.values())


def test_a_log_that_cannot_be_reached_is_unavailable(backend: Backend) -> None:
    log = open_log(backend.nowhere)
    with pytest.raises(Unavailable):
        log.ends(["letters"])
    with pytest.raises(Unavailable):
        log.create_topics(["letters"])
    producer = log.producer("test")
    with pytest.raises(SendFailed) as failure:
        producer.send(letters("a"))
    assert failure.value.stored == []
    producer.close()
    consumer = log.consumer("readers", ["letters"], from_the_start)
    with pytest.raises(Unavailable):
        take(consumer, 1)
    consumer.close()
    log.close()


def test_closing_twice_does_no_harm(log: Log) -> None:
    producer = log.producer("test")
    producer.send(letters("a"))
    consumer = log.consumer("readers", ["letters"], from_the_start)
    take(consumer, 1)
    for part in (producer, consumer, log):
        part.close()
        part.close()
