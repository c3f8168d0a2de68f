"""The whole way of a transfer on both databases: placed, found, paid in parts, billed, cancelled, given back."""

from __future__ import annotations

from pathlib import Path

from services.ticket.handlers import cancel_order, finish_refund, name_payee
from services.ticket.store import documents, transfers
from shared.events.ticketing import PaymentRefunded
from tests.ticket.stage import Stage, euros
from tests.ticket.test_transfers import COMPANY, sell, transferred


def test_a_transfer_goes_all_its_way(tmp_path: Path, fresh_database_urls: str) -> None:
    stage = Stage(tmp_path, fresh_database_urls)
    try:
        sell(stage)
        order = stage.order("regular", payment_method="transfer", billing=COMPANY)
        transferred(stage, order, euros(100))
        with stage.database.reading() as connection:
            (found,) = transfers.find_open(connection, name="beispiel", amount=euros(99), reference=order.reference)
        assert (found.reference, found.came) == (order.reference, 10_000)
        transferred(stage, order, euros(149), id="trf_2")
        cancel_order(stage.database, order.order_id)
        stage.settle()
        with stage.database.reading() as connection:
            tasks = transfers.refunds_of_conference(connection, stage.conference.conference_id)
            kinds = [each.kind for each in documents.documents_of(connection, order.order_id)]
            rows = documents.postings_of(connection, stage.conference.conference_id)
        assert kinds == ["invoice", "cancellation"]
        assert sorted(each.amount for _, each in tasks) == [euros(50), euros(199)]
        assert sum(row.amount for row in rows) == 0
        for _, each in tasks:
            with stage.database.transaction("console:stf_1") as tx:
                name_payee(tx, "stf_1", each.conference_id, each.refund_id, "Ada", "DE02120300000000202051")
                finish_refund(tx, "stf_1", each.conference_id, each.refund_id, stage.clock.now().date())
        assert len(stage.said(PaymentRefunded)) == 2
        assert stage.problems() == []
    finally:
        stage.close()
