"""Numbers of documents: none missing, none twice, whatever is rolled back and however many issue at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from shared.clock import SimulatedClock
from shared.database import Database
from shared.documents.series import Series, format_number, next_number, series_table
from shared.errors import InvalidInput
from shared.ids import seeded_ids

METADATA = sa.MetaData()
TABLE = series_table(METADATA)
INVOICES = Series("sel_1", "SP", 2027)


@pytest.fixture
def database(fresh_database_urls: str) -> Iterator[Database]:
    clock = SimulatedClock(datetime(2027, 3, 1, tzinfo=UTC))
    url = fresh_database_urls.replace("{service}", "sponsor_invoice")
    database = Database(url, METADATA, "tests", clock, seeded_ids(1))
    METADATA.create_all(database.engine)
    yield database
    database.close()


def issue(database: Database, series: Series = INVOICES) -> str:
    with database.transaction() as tx:
        return next_number(tx, TABLE, series)


def test_a_series_begins_with_one_and_each_has_its_own_count(database: Database) -> None:
    assert [issue(database), issue(database)] == ["SP-2027-00001", "SP-2027-00002"]
    assert issue(database, Series("sel_2", "SP", 2027)) == "SP-2027-00001"
    assert issue(database, Series("sel_1", "SP", 2028)) == "SP-2028-00001"
    assert issue(database, Series("sel_1", "ST", 2027)) == "ST-2027-00001"
    assert issue(database) == "SP-2027-00003"


def test_two_documents_of_one_transaction_get_two_numbers(database: Database) -> None:
    with database.transaction() as tx:
        assert [next_number(tx, TABLE, INVOICES) for _ in range(2)] == ["SP-2027-00001", "SP-2027-00002"]


def test_a_number_whose_transaction_failed_is_given_to_the_next(database: Database) -> None:
    issue(database)
    with pytest.raises(ZeroDivisionError), database.transaction() as tx:
        assert next_number(tx, TABLE, INVOICES) == "SP-2027-00002"
        raise ZeroDivisionError
    assert issue(database) == "SP-2027-00002"


def test_many_who_issue_at_once_while_some_fail_leave_no_gap_and_no_double(database: Database) -> None:
    def try_to_issue(n: int) -> str | None:
        try:
            with database.transaction() as tx:
                number = next_number(tx, TABLE, INVOICES)
                if n % 3 == 0:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            return None
        return number

    with ThreadPoolExecutor(4) as pool:
        issued = [number for number in pool.map(try_to_issue, range(60)) if number]
    assert sorted(issued) == [format_number(INVOICES, n) for n in range(1, 41)]


def test_a_number_grows_longer_rather_than_begin_anew() -> None:
    assert format_number(INVOICES, 100_000) == "SP-2027-100000"


def test_a_series_without_a_seller_a_prefix_or_a_sound_year_is_refused() -> None:
    for wrong in (("", "SP", 2027), ("sel_1", "", 2027), ("sel_1", "SP", 27)):
        with pytest.raises(InvalidInput):
            Series(*wrong)
