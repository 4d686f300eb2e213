"""The sap_soap connector passes the writing half of the contract: found first, BAPIs, one COMMIT a move."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.contract import BusinessKey, Writer
from connectors.retry import retrying
from connectors.sap_soap import SapSoapConnector
from connectors.sap_soap.filled import with_marks, with_zeros
from hub.config import Connection
from hub.errors import ConfigError, OutcomeUnknown, RecordLocked, Rejected, SourceError, Stale, Unavailable
from hub.mapping import parse_system
from hub.mapping.expressions import NameMissing
from hub.mapping.grammar import SystemMapping
from simulators.erp.envelope import read_call
from simulators.trading.erp_functions import CHANGE, COMMIT, CREATE, ROLLBACK
from tests.connectors.bapi_warehouse import ALL, DETAILS, GETLIST, SEARCH, Server, refused
from tests.connectors.conformance_writing import (
    DONE,
    EXPECTED,
    Fault,
    Steps,
    WriteCase,
    Writing,
    change,
    find,
    kept,
    order,
    push,
    seen,
)
from tests.connectors.rest_server import HTML
from tests.connectors.soap_server import Reply, Request, fault
from tests.connectors.warehouse import NOW, Served

MAPPING = """
system: target
connector: sap_soap
time: {zone: Asia/Shanghai, format: "%Y-%m-%d"}
sap: {organisations: [{sales_org: "1000", client: "100"}], customers: ["42"], STYLE}
errors: {locked: ["VU007 *"], missing: ["V1 045 *"]}
streams:
  orders:
    read: {bapi: BAPI_SALESORDER_GETLIST}
    key: KEY
    version: VERSION
    fields: {order_no: header.PURCH_NO_C, part: SD_DOC, ordered: {keep: true},
             status: {from: header.ORD_REASON, codes: {NEW: confirmed}}}
    extras: {note: header.NAME}
writes:
  orders:
    find: &find {bapi: BAPI_SALESORDER_GETLIST, args: {PURCHASE_ORDER_NUMBER: =order_no}}
    create:
      bapi: BAPI_SALESORDER_CREATEFROMDAT2
      args:
        ORDER_HEADER_IN: {SALES_ORG: "1000", PURCH_NO_C: =order_no, ORD_REASON: =status, NAME: =note}
        ORDER_ITEMS_IN: {each: lines, as: &item {ITM_NUMBER: =item.line_no, MATERIAL: =item.sku,
                                                 TARGET_QTY: =item.quantity}}
      id: SALESDOCUMENT
    update:
      status:
        bapi: BAPI_SALESORDER_CHANGE
        args: {SALESDOCUMENT: =part, ORDER_HEADER_IN: {ORD_REASON: =status}}
      note:
        bapi: BAPI_SALESORDER_CHANGE
        args: {SALESDOCUMENT: =part, ORDER_HEADER_IN: {NAME: =note}}
        if: note != was.note
      ordered:
        bapi: BAPI_SALESORDER_CHANGE
        args:
          SALESDOCUMENT: =part
          ORDER_ITEM_IN: {each: lines, as: *item}
        if: lines
"""


def parsed(style: str = "style: rfc", text: str = MAPPING) -> SystemMapping:
    return parse_system(text.replace("STYLE", style))


class SapCase(Served):
    """Faults strike at COMMIT: what became of it is not known."""

    refusal = ("V1 302", "Kunde gesperrt: 加急 <x>")
    can = frozenset({"ids", "versions", "guards", "doubles", "lines", "updates"})
    faults: ClassVar[Mapping[Fault, type[SourceError]]] = {
        one: error for one, error in EXPECTED.items() if one is not Fault.OVERTAKEN
    }
    names = ("SD_DOC", "VERSION")
    struck: ClassVar[frozenset[str]] = frozenset({COMMIT})

    def __init__(self, style: str = "rfc", **server: Any) -> None:
        self.mc, said = style == "mc", parsed(f"style: {style}")
        self.behind = Server(mc=self.mc, **server)
        saying = {
            Fault.SERVER_ERROR: Reply(fault("Server", "TIME_OUT"), 500),
            Fault.GARBAGE: Reply("<html><h1>Welcome</h1></html>", 200, HTML),
            Fault.EMPTY: Reply(""),
            Fault.DENIED: Reply("<h1>Logon failed</h1>", 401, HTML),
            Fault.BUSY: Reply("", 429, {"Retry-After": "7"}),
        }
        super().__init__(said, self.behind.warehouse, self.behind, saying)

    def connect(self, to: Connection) -> Writer:
        return SapSoapConnector(self.mapping, to, lambda: NOW, retrying(lambda _: None))

    def writes(self, request: Request) -> bool:
        return request.method == "POST" and read_call(request.body, "100", ALL)[0].function in self.struck

    def answer(self, request: Request) -> Reply:
        rows = {
            Fault.REJECTED: ("V1", "302", self.refusal[1]),
            Fault.LOCKED: ("VU", "007", "in use by MAYER"),
        }
        said = rows.get(self.failing.fault) if self.failing.fault else None
        if said is None or not self.writes(request):
            return self.failing(request)
        return refused(read_call(request.body, "100", ALL)[0], self.mc, "E", *said)


class BeforeCase(SapCase):
    """Faults strike at the BAPIs before COMMIT: then nothing is stored, and that is known."""

    faults = {
        one: Unavailable if error is OutcomeUnknown else error
        for one, error in SapCase.faults.items()
        if one not in DONE
    }
    struck = frozenset({CREATE, CHANGE})


@pytest.mark.parametrize("kind", [SapCase, BeforeCase])
@pytest.mark.parametrize("style", ["rfc", "mc"])
class TestSap(Writing):
    @pytest.fixture
    def case(self, style: str, kind: type[SapCase]) -> Iterator[WriteCase]:
        made = kind(style)
        yield made
        made.close()


@pytest.fixture
def case() -> Iterator[SapCase]:
    made = SapCase()
    yield made
    made.close()


Broken = Callable[[str, Request], Reply | None]


def breaking(case: SapCase, broken: Broken) -> None:
    """Let `broken` answer instead, by function, where it has an answer."""

    def answer(request: Request) -> Reply:
        if request.method == "GET":
            return case.behind(request)
        return broken(read_call(request.body, "100", ALL)[0].function, request) or case.behind(request)

    case.server.answer = answer


def called(case: SapCase) -> list[str]:
    return [name for name, _ in case.behind.calls if name not in (GETLIST, DETAILS, SEARCH)]


def test_one_session_from_the_first_call_to_the_commit(case: SapCase) -> None:
    push(case, change(case, "create", order()))
    assert called(case) == [CREATE, COMMIT]
    sent = [(parse_qs(urlsplit(one.path).query), one.headers.get("Cookie")) for one in case.server.posts]
    writes = [(query["sap-sessioncmd"][0], cookie) for query, cookie in sent if "sap-sessioncmd" in query]
    assert writes == [("open", None), ("close", "sap-contextid=S1")]
    assert case.server.posts[-1].text("WAIT") == "X"
    assert not case.behind.sessions
    push(case, change(case, "status", seen(case, status="SHIP")))
    assert {one.headers.get("Cookie") for one in case.server.posts} == {
        None,
        "sap-contextid=S1",
        "sap-contextid=S2",
    }, "the session of a write is nobody else's"


def test_a_refusal_gives_the_locks_back(case: SapCase) -> None:
    case.put(kept())
    names = seen(case, status="SHIP")
    case.edit("SO-1", "by somebody else")
    with pytest.raises(Stale):
        push(case, change(case, "status", names))
    assert called(case) == [CHANGE, ROLLBACK]
    assert not case.behind.sessions


def test_steps_of_one_move_are_committed_together(case: SapCase) -> None:
    case.put(kept())
    names = seen(case, status="SHIP", note="new", was={"note": "old"})
    update = case.mapping.writes["orders"].update
    assert update is not None
    one = change(case, "status", names)
    (move,) = one.moves
    both = replace(one, moves=[replace(move, calls=[*move.calls, *update.fields["note"]])])
    case.failing.fault = Fault.LOST_BEFORE
    with pytest.raises(OutcomeUnknown):
        push(case, both)
    assert case.rows() == [kept()]
    case.mend()
    push(case, both)
    assert called(case)[-3:] == [CHANGE, CHANGE, COMMIT]
    assert case.rows() == [kept(status="SHIP", note="new")]


def test_the_next_move_of_a_change_knows_the_version_that_the_first_one_gave(case: SapCase) -> None:
    case.put(kept())
    names = seen(case, status="SHIP", note="new", was={"note": "old"})
    one, other = (change(case, name, names) for name in ("status", "note"))
    push(case, replace(one, moves=[*one.moves, *other.moves]), steps := Steps())
    assert case.rows() == [kept(status="SHIP", note="new")]
    assert [step.name for step in steps] == ["update.status", "update.note"]


def test_somebody_between_two_moves_is_noticed(case: SapCase) -> None:
    case.put(kept())
    names = seen(case, status="SHIP", note="new", was={"note": "old"})
    one, other = (change(case, name, names) for name in ("status", "note"))
    both = replace(one, moves=[*one.moves, *other.moves])
    with pytest.raises(Stale):
        case.open().push(both, lambda step: case.edit("SO-1", "by somebody else"))
    assert case.rows() == [kept(status="SHIP", note="by somebody else")]


def test_without_a_session_nothing_is_written_and_that_is_said(case: SapCase) -> None:
    case.behind.stateless = True
    with pytest.raises(ConfigError) as caught:
        push(case, change(case, "create", order()))
    assert caught.value.key == "sap.no_session"
    assert called(case) == [CREATE]


def test_a_session_that_is_lost_on_the_way(case: SapCase) -> None:
    def lost(name: str, request: Request) -> Reply | None:
        if name == COMMIT:
            case.behind.sessions.clear()
            answer = case.behind(request)
            answer.headers["Set-Cookie"] = "sap-contextid=S99; path=/"
            return answer
        return None

    breaking(case, lost)
    with pytest.raises(OutcomeUnknown) as caught:
        push(case, change(case, "create", order()))
    assert caught.value.key == "sap.other_session"
    assert case.rows() == []


@pytest.mark.parametrize("where", [CREATE, COMMIT])
def test_functions_that_are_not_published_are_no_fault_of_the_order(case: SapCase, where: str) -> None:
    case.server.answer = lambda request: (
        Reply("<p>none</p>", 404, HTML) if where in request.path else case.behind(request)
    )
    with pytest.raises(ConfigError, match=where):
        push(case, change(case, "create", order()))
    assert called(case) == []
    assert not case.open().check().ok
    case.server.answer = case.behind
    assert case.open().check().ok


def test_an_answer_without_a_word_is_no_yes(case: SapCase) -> None:
    def silent(name: str, request: Request) -> Reply | None:
        if name != CREATE:
            return None
        answer = case.behind(request)
        begin, end = (str(answer.body).index(tag) for tag in ("<RETURN>", "</RETURN>"))
        return replace(answer, body=str(answer.body)[: begin + 8] + str(answer.body)[end:])

    breaking(case, silent)
    with pytest.raises(Unavailable) as caught:
        push(case, change(case, "create", order()))
    assert caught.value.key == "sap.no_return"
    assert case.rows() == []
    assert called(case) == [CREATE, ROLLBACK]


def test_a_number_that_is_not_given_is_committed_by_nobody(case: SapCase) -> None:
    def numberless(name: str, request: Request) -> Reply | None:
        answer = case.behind(request)
        return replace(answer, body=str(answer.body).replace("0000000001", "")) if name == CREATE else answer

    breaking(case, numberless)
    with pytest.raises(Unavailable) as caught:
        push(case, change(case, "create", order()))
    assert caught.value.key == "sap.no_number"
    assert case.rows() == []


def test_warnings_are_logged_and_an_update_that_ends_in_a_dump_is_a_no(
    case: SapCase, caplog: pytest.LogCaptureFixture
) -> None:
    case.behind.says = {"TYPE": "A", "ID": "00", "NUMBER": "671", "MESSAGE": "Update was terminated"}
    with (
        caplog.at_level(logging.WARNING, "connectors.sap_soap.bapi"),
        pytest.raises(Rejected) as caught,
    ):
        push(case, change(case, "create", order()))
    assert caught.value.code == "00 671"


def test_the_cause_is_told_from_what_follows_from_it(case: SapCase) -> None:
    """SAP says "not processed" as well: what a table knows, or a lock, counts before the first message."""

    def locked(name: str, request: Request) -> Reply | None:
        call = read_call(request.body, "100", ALL)[0]
        return refused(call, False, "E", "V1", "042", "in use by WANGJG") if name == CREATE else None

    breaking(case, locked)
    with pytest.raises(RecordLocked, match="WANGJG"):
        push(case, change(case, "create", order()))


def test_another_reference_in_other_letters_is_not_adopted(case: SapCase) -> None:
    case.put(kept("so-1"))
    assert find(case) == []
    assert not push(case, change(case, "create", order())).adopted
    assert [row.number for row in case.rows()] == ["so-1", "SO-1"]


def test_a_reference_that_sap_would_cut_is_refused(case: SapCase) -> None:
    long = "SO-" + "1" * 40
    with pytest.raises(Rejected) as caught:
        push(case, change(case, "create", order(long)))
    assert caught.value.key == "sap.long_reference"
    assert case.rows() == []


def test_a_document_that_is_listed_and_not_shown_is_not_made_again(case: SapCase) -> None:
    case.put(kept())

    def hidden(name: str, request: Request) -> Reply | None:
        answer = case.behind(request)
        return (
            replace(answer, body=str(answer.body).replace("DOC_NUMBER>", "OTHER>"))
            if name == DETAILS
            else answer
        )

    breaking(case, hidden)
    with pytest.raises(Unavailable) as caught:
        push(case, change(case, "create", order()))
    assert caught.value.key == "sap.not_shown"
    assert called(case) == []


def test_what_was_found_is_what_the_stream_reads(case: SapCase) -> None:
    case.put(kept())
    (found,) = find(case)
    assert found["KEY"] == "100/0000000001"
    assert [item["MATERIAL"] for item in found["items"]] == ["A-1", "B-2"]
    assert found["header"]["NAME"] == kept().note
    assert len(found["VERSION"]) == 24


def test_documents_are_found_by_number_as_well(case: SapCase) -> None:
    text = MAPPING.replace(
        "{bapi: BAPI_SALESORDER_GETLIST, args: {PURCHASE_ORDER_NUMBER: =order_no}}",
        "{bapi: BAPISDORDER_GETDETAILEDLIST, args: {SALES_DOCUMENTS: [{VBELN: =order_no}]}}",
    )
    case.said = parsed(text=text)
    case.put(kept())
    assert [one["SD_DOC"] for one in find(case, "1")] == ["0000000001"]
    assert find(case, "7") == []


def test_a_function_of_the_site_finds_orders_too(case: SapCase) -> None:
    text = MAPPING.replace(
        "{bapi: BAPI_SALESORDER_GETLIST, args: {PURCHASE_ORDER_NUMBER: =order_no}}",
        f"{{bapi: {SEARCH}, args: {{REFERENCE: =order_no}}, records: FOUND}}",
    )
    case.said = parsed(text=text)
    case.put(kept(), kept("SO-2"))
    assert [one["SD_DOC"] for one in find(case, "SO-2")] == ["0000000002"]
    assert push(case, change(case, "create", order())).adopted
    assert find(case, "SO-3") == []


def test_master_data_is_looked_up_by_a_function(case: SapCase) -> None:
    ref = f"{{bapi: {SEARCH}, args: {{REFERENCE: =value, FOUND: []}}, take: 'FOUND[0].VBELN'}}"
    text = MAPPING.replace("NAME: =note}", "NAME: \"=note | ref('other')\"}") + f"refs: {{other: {ref}}}\n"
    case.said = parsed(text=text)
    with pytest.raises(NameMissing, match="other SO-7"):
        push(case, change(case, "create", order(note="SO-7")))
    assert called(case) == []
    case.put(kept("SO-7"))
    push(case, change(case, "create", order(note="SO-7")))
    assert case.rows()[-1] == kept(note="0000000001")


TWO = 'organisations: [{sales_org: "1000", client: "100"}, {sales_org: "2000", client: "200"}]'


def test_the_client_is_that_of_the_sales_organisation(case: SapCase) -> None:
    text = MAPPING.replace('organisations: [{sales_org: "1000", client: "100"}]', TWO)
    case.said = parsed(text=text.replace('SALES_ORG: "1000"', "SALES_ORG: =company"))
    push(case, change(case, "create", order(company="2000")))
    assert case.behind.calls[-2:] == [(CREATE, "200"), (COMMIT, "200")]
    with pytest.raises(ConfigError, match="3000"):
        push(case, change(case, "create", order("SO-2", company="3000")))
    case.put(kept("SO-3"))
    (record,) = find(case, "SO-3")
    names = {**order("SO-3", status="SHIP"), **case.known(record)}
    push(case, change(case, "status", {**names, "was": record}))
    assert case.behind.calls[-1] == (DETAILS, "100")
    with pytest.raises(ConfigError, match="1000, 2000"):
        push(case, change(case, "status", names))


def test_functions_that_commit_by_themselves() -> None:
    case = BeforeCase(direct=True, stateless=True)
    case.said = parsed("commit: call")
    case.put(kept("SO-0"))
    assert push(case, change(case, "create", order())).ids == {"own": "0000000002"}
    said = seen(case, status="SHIP", note="new", was={"note": "old"})
    one, other = (change(case, name, said) for name in ("status", "note"))
    push(case, replace(one, moves=[*one.moves, *other.moves]))
    assert case.rows()[1] == kept(status="SHIP", note="new")
    names = seen(case, status="NEW")
    case.edit("SO-1", "by somebody else")
    with pytest.raises(Stale):
        push(case, change(case, "status", names))
    case.fail(Fault.LOST_AFTER)
    with pytest.raises(OutcomeUnknown):
        push(case, change(case, "create", order("SO-2")))
    case.mend()
    assert push(case, change(case, "create", order("SO-2"))).adopted
    assert called(case) == [CREATE, CHANGE, CHANGE, CREATE]
    case.close()


def test_the_order_is_looked_up_in_its_own_write(case: SapCase) -> None:
    case.put(kept())
    key = BusinessKey("SO-1", {"order_no": "SO-1"})
    assert len(case.open().lookup("orders", key)) == 1
    case.server.answer = lambda request: (
        Reply("<p>none</p>", 404, HTML) if GETLIST in request.path else case.behind(request)
    )
    with pytest.raises(ConfigError, match=GETLIST):
        case.open().lookup("orders", key)


def test_numbers_are_padded_as_sap_keeps_them() -> None:
    args = {"SALESDOCUMENT": "4711", "ROWS": [{"ITM_NUMBER": 10, "MATERIAL": "A-1", "REQ_QTY": "7"}]}
    padded = {"ITM_NUMBER": "000010", "MATERIAL": "A-1", "REQ_QTY": "7"}
    assert with_zeros(args) == {"SALESDOCUMENT": "0000004711", "ROWS": [padded]}


def test_marks_stand_beside_what_is_sent_and_what_is_said_stays() -> None:
    takes = (
        "OrderHeaderIn",
        "OrderHeaderInx",
        "ScheduleLines",
        "ScheduleLinesx",
        "OrderItemIn",
        "OrderItemInx",
    )
    args = {
        "ORDER_HEADER_IN": {"DLV_BLOCK": "01"},
        "ORDER_HEADER_INX": {"UPDATEFLAG": "D"},
        "SCHEDULE_LINES": [{"ITM_NUMBER": "000010", "SCHED_LINE": "0001", "REQ_QTY": "7"}],
        "ORDER_ITEM_IN": [{"ITM_NUMBER": "000010"}],
        "ORDER_ITEM_INX": [],
        "OTHER": {"A": "1"},
    }
    marked = with_marks(args, takes, "U")
    assert marked == {
        **args,
        "ORDER_HEADER_INX": {"UPDATEFLAG": "D", "DLV_BLOCK": "X"},
        "SCHEDULE_LINESX": [
            {"UPDATEFLAG": "U", "ITM_NUMBER": "000010", "SCHED_LINE": "0001", "REQ_QTY": "X"}
        ],
    }
    assert with_marks({}, takes, "U") == {"ORDER_HEADER_INX": {"UPDATEFLAG": "U"}}
