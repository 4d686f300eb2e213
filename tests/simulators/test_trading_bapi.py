"""The ERP by BAPIs: nothing is stored before COMMIT in the same session; messages stand in RETURN."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import requests

from simulators.erp.envelope import NAMESPACE
from simulators.erp.style import RFC
from simulators.trading.erp import Erp
from simulators.trading.erp_functions import CHANGE, COMMIT, CREATE, ROLLBACK
from simulators.trading.erp_server import LOGIN, PASSWORD, ErpServer
from simulators.trading.watch import Watch

ORDER: dict[str, Any] = {
    "ORDER_HEADER_IN": {"DOC_TYPE": "OR", "SALES_ORG": "1000", "PURCH_NO_C": "SO-1"},
    "ORDER_ITEMS_IN": [{"ITM_NUMBER": "000010", "MATERIAL": "000000000000100200"}],
    "ORDER_PARTNERS": [{"PARTN_ROLE": "AG", "PARTN_NUMB": "0000200010"}],
    "ORDER_SCHEDULES_IN": [{"ITM_NUMBER": "000010", "SCHED_LINE": "0001", "REQ_QTY": "12.000"}],
    "RETURN": [],
}


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def erp(tmp_path: Path, watch: Watch) -> Iterator[Erp]:
    system = Erp(tmp_path / "erp.db", watch)
    yield system
    system.desk.close()


class Caller:
    """Calls functions in one session (cookies are kept) or in none."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/sap/bc/soap/rfc?sap-client=100"
        self.session = requests.Session()

    def call(self, function: str, **said: Any) -> ElementTree.Element:
        inner = "".join(f"<{name}>{_xml(value)}</{name}>" for name, value in said.items())
        body = f'<n:{function} xmlns:n="{RFC.namespace}">{inner}</n:{function}>'
        text = f'<e:Envelope xmlns:e="{NAMESPACE}"><e:Body>{body}</e:Body></e:Envelope>'
        answer = self.session.post(self.url, text.encode(), auth=(LOGIN, PASSWORD), timeout=5)
        assert answer.status_code == 200
        found = ElementTree.fromstring(answer.content).find(f"{{{NAMESPACE}}}Body/*")
        assert found is not None
        return found

    def create(self, **said: Any) -> str:
        return self.call(CREATE, **{**ORDER, **said}).findtext("SALESDOCUMENT") or ""

    def commit(self) -> ElementTree.Element:
        return self.call(COMMIT, WAIT="X")


def _xml(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(f"<{name}>{one}</{name}>" for name, one in value.items())
    if isinstance(value, list):
        return "".join(f"<item>{_xml(row)}</item>" for row in value)
    return str(value)


def said(answer: ElementTree.Element) -> list[str]:
    rows = answer.findall("RETURN/item") or answer.findall("RETURN")
    return [f"{row.findtext('TYPE')} {row.findtext('ID')} {row.findtext('NUMBER')}" for row in rows]


@pytest.fixture
def server(erp: Erp, watch: Watch) -> Iterator[ErpServer]:
    with ErpServer(erp, watch) as running:
        yield running


@pytest.fixture
def caller(server: ErpServer) -> Iterator[Caller]:
    made = Caller(server.port)
    yield made
    made.session.close()


def changing(number: str, quantity: str) -> dict[str, Any]:
    return {
        "SALESDOCUMENT": number,
        "ORDER_HEADER_INX": {"UPDATEFLAG": "U"},
        "SCHEDULE_LINES": [{"ITM_NUMBER": "000010", "SCHED_LINE": "0001", "REQ_QTY": quantity}],
        "SCHEDULE_LINESX": [
            {"ITM_NUMBER": "000010", "SCHED_LINE": "0001", "UPDATEFLAG": "U", "REQ_QTY": "X"}
        ],
        "RETURN": [],
    }


def test_an_order_is_there_after_the_commit_and_not_before(caller: Caller, erp: Erp) -> None:
    answer = caller.call(CREATE, **ORDER)
    number = answer.findtext("SALESDOCUMENT")
    assert said(answer) == ["S V4 233", "S V1 311"]
    assert erp.find("SO-1") == []
    assert [row.strip() for row in said(caller.commit())] == ["000"]
    (found,) = erp.find("SO-1")
    assert f"{found.number:010d}" == number
    assert (found.body["customer"], found.body["lines"]) == (
        "200010",
        [{"pos": 1, "material": "100200", "qty": "12"}],
    )
    assert [(entry.operation, entry.done) for entry in erp.journal()] == [("create", True)]


def test_a_commit_in_another_session_commits_nothing_and_the_number_is_burnt(
    caller: Caller, server: ErpServer, erp: Erp
) -> None:
    first = caller.create()
    other = Caller(server.port)
    other.commit()
    assert erp.find("SO-1") == []
    assert int(other.create()) == int(first) + 1
    other.commit()
    other.session.close()
    assert len(erp.find("SO-1")) == 1


def test_a_rollback_forgets_what_was_not_committed(caller: Caller, erp: Erp) -> None:
    caller.create()
    caller.call(ROLLBACK)
    caller.commit()
    assert erp.find("SO-1") == []


def test_a_session_that_nobody_came_back_to_is_forgotten(caller: Caller, erp: Erp, watch: Watch) -> None:
    caller.create()
    watch.forward(61)
    caller.commit()
    assert erp.find("SO-1") == []


def test_the_same_customer_reference_is_taken_three_times(caller: Caller, erp: Erp) -> None:
    for _ in range(3):
        caller.create()
        caller.commit()
    assert len(erp.find("SO-1")) == 3


def test_what_is_missing_is_said_in_return_and_no_number_is_given(caller: Caller) -> None:
    answer = caller.call(CREATE, **{**ORDER, "ORDER_PARTNERS": []})
    assert said(answer) == ["E V1 302", "E V4 219"]
    assert answer.findtext("SALESDOCUMENT") == ""


def test_a_test_run_stores_nothing(caller: Caller, erp: Erp) -> None:
    caller.create(TESTRUN="X")
    caller.commit()
    assert erp.find("SO-1") == []


def test_a_change_takes_only_what_its_x_structures_mark(caller: Caller, erp: Erp) -> None:
    number = caller.create()
    caller.commit()
    unmarked = {"ORDER_HEADER_IN": {"DLV_BLOCK": "01"}}
    assert said(caller.call(CHANGE, **changing(number, "7.500"), **unmarked)) == ["S V4 233", "S V1 311"]
    assert erp.find("SO-1")[0].body["lines"][0]["qty"] == "12"
    caller.commit()
    (found,) = erp.find("SO-1")
    assert (found.body["lines"][0]["qty"], found.body["block"], found.version) == ("7.5", "", 2)


def test_a_block_and_a_rejection_are_changes_as_well(caller: Caller, erp: Erp) -> None:
    number = caller.create()
    caller.commit()
    caller.call(
        CHANGE,
        SALESDOCUMENT=number,
        ORDER_HEADER_IN={"DLV_BLOCK": "01"},
        ORDER_HEADER_INX={"UPDATEFLAG": "U", "DLV_BLOCK": "X"},
        ORDER_ITEM_IN=[{"ITM_NUMBER": "000010", "REASON_REJ": "01"}],
        ORDER_ITEM_INX=[{"ITM_NUMBER": "000010", "UPDATEFLAG": "U", "REASON_REJ": "X"}],
        RETURN=[],
    )
    caller.commit()
    (found,) = erp.find("SO-1")
    assert (found.body["block"], found.body["rejected"]) == ("X", "X")


def test_a_document_that_somebody_edits_is_locked_and_says_by_whom(caller: Caller, erp: Erp) -> None:
    number = caller.create()
    caller.commit()
    erp.lock("SO-1", "WANGJG")
    answer = caller.call(CHANGE, **changing(number, "7"))
    assert said(answer) == ["E V1 042", "E V4 219"]
    assert "WANGJG" in (answer.findtext("RETURN/item/MESSAGE") or "")


def test_a_document_is_locked_by_the_session_that_changes_it(caller: Caller, server: ErpServer) -> None:
    number = caller.create()
    caller.commit()
    caller.call(CHANGE, **changing(number, "7"))
    other = Caller(server.port)
    assert said(other.call(CHANGE, **changing(number, "8")))[0] == "E V1 042"
    caller.commit()
    assert said(other.call(CHANGE, **changing(number, "8")))[0] == "S V4 233"
    other.session.close()


def test_an_unknown_document_is_said_in_return(caller: Caller) -> None:
    assert said(caller.call(CHANGE, **changing("0000000099", "7")))[0] == "E V1 045"


@pytest.mark.parametrize(("way", "done"), [("lost", True), ("dead", False)])
def test_a_commit_may_be_lost_after_or_before_it_was_done(
    caller: Caller, erp: Erp, way: str, done: bool
) -> None:
    caller.create()
    erp.faults.order(way, operation="create")
    with pytest.raises(requests.ConnectionError):
        caller.commit()
    assert len(erp.find("SO-1")) == (1 if done else 0)
    assert [entry.done for entry in erp.journal()] == [done]


def test_a_create_can_be_locked_by_order(caller: Caller, erp: Erp) -> None:
    erp.faults.order("locked", operation=CREATE)
    assert said(caller.call(CREATE, **ORDER)) == ["E V1 042"]


def test_a_table_that_is_not_sent_is_not_returned(caller: Caller) -> None:
    answer = caller.call(CREATE, **{name: one for name, one in ORDER.items() if name != "RETURN"})
    assert answer.find("RETURN") is None


def test_what_was_written_is_read_by_the_functions_that_read(caller: Caller, erp: Erp) -> None:
    number = caller.create()
    caller.commit()
    erp.edit("SO-1", {"shipped": "5", "status": "50"})
    orders = caller.call(
        "BAPI_SALESORDER_GETLIST", CUSTOMER_NUMBER="0000200010", SALES_ORGANIZATION="1000", SALES_ORDERS=[]
    )
    row = orders.find("SALES_ORDERS/item")
    assert row is not None
    assert (row.findtext("SD_DOC"), row.findtext("PURCH_NO"), row.findtext("REQ_QTY")) == (
        number,
        "SO-1",
        "12.000",
    )
    status = caller.call("BAPI_SALESORDER_GETSTATUS", SALESDOCUMENT=number, STATUSINFO=[])
    assert status.findtext("STATUSINFO/item/DLV_STAT_H") == "B"
    details = caller.call(
        "BAPISDORDER_GETDETAILEDLIST",
        I_BAPI_VIEW={"HEADER": "X", "ITEM": "X", "FLOW": "X"},
        SALES_DOCUMENTS=[{"VBELN": number}],
        ORDER_HEADERS_OUT=[],
        ORDER_FLOWS_OUT=[],
    )
    assert details.findtext("ORDER_HEADERS_OUT/item/PURCH_NO") == "SO-1"
    assert details.findtext("ORDER_FLOWS_OUT/item/REF_QTY") == "5.000"


def test_the_description_of_a_function_that_writes_can_be_read(server: ErpServer) -> None:
    url = f"http://127.0.0.1:{server.port}/sap/bc/soap/wsdl11?services={CREATE}&sap-client=100"
    answer = requests.get(url, auth=(LOGIN, PASSWORD), timeout=5)
    assert 'name="SALESDOCUMENT" type="xsd:string"' in answer.text
