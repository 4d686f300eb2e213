"""The ERP by BAPIs: what is written is stored by COMMIT in the same session, and otherwise by nothing.

Every message stands in RETURN, at HTTP 200. A number is given out at once; without COMMIT it is burnt.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.cookies import SimpleCookie

from simulators.erp.answers import Answer, Call, answer
from simulators.erp.documents import Row
from simulators.erp.envelope import NotCallable, fault, read_call, write_answer
from simulators.erp.style import Style
from simulators.trading.database import Clock, stamp
from simulators.trading.desk import Refused
from simulators.trading.erp import LOCKED, Erp, locked_text
from simulators.trading.erp_documents import SapBooks
from simulators.trading.erp_functions import ALL, COMMIT, CREATE, ROLLBACK, WRITING
from simulators.trading.erp_words import changes, lines, require_change, sold_to
from simulators.trading.faults import Interrupted
from simulators.trading.journal import HUB
from simulators.trading.records import Body, Unknown
from simulators.trading.serving import Asked, Reply, garbage

COOKIE = "sap-contextid"
LIFE = timedelta(seconds=60)
"""How long a session with open work is kept: then its locks are given back and its work is forgotten."""


@dataclass(slots=True)
class Session:
    """One stateful session: what is to be done at COMMIT, and the documents that it has locked."""

    used: datetime
    work: list[Callable[[], object]] = field(default_factory=list)
    locked: list[int] = field(default_factory=list)


class Bapis:
    """Answers calls of BAPIs."""

    def __init__(self, erp: Erp, clock: Clock) -> None:
        """Take the ERP behind them."""
        self._erp, self._clock, self._books = erp, clock, SapBooks(erp)
        self._sessions: dict[str, Session] = {}

    def answer(self, asked: Asked) -> Reply | None:
        """Answer one call; None hangs up."""
        self._forget()
        try:
            call, style = read_call(asked.body, asked.query.get("sap-client", "100"), ALL)
        except NotCallable as error:
            return _xml(fault("SOAP-ENV:Client", f"Function not found or not callable: {error}"), 500)
        try:
            if call.function not in WRITING:
                made = self._erp.desk.read(call.function, "", lambda conn, at: answer(self._books, call))
                return _xml(write_answer(made, call, style, ALL))
            name = _session_of(asked)
            return self._written(call, style, name if name in self._sessions else secrets.token_hex(8))
        except Interrupted as error:
            return _interrupted(error, call, style)

    def _written(self, call: Call, style: Style, name: str) -> Reply:
        session = self._sessions.setdefault(name, Session(self._clock()))
        session.used = self._clock()
        match call.function:
            case _ if call.function == COMMIT:
                made = self._commit(name, session)
            case _ if call.function == ROLLBACK:
                self._end(name)
                made = Answer({"RETURN": message()})
            case _:
                ref = call.structures.get("ORDER_HEADER_IN", {}).get("PURCH_NO_C", "")
                way = self._create if call.function == CREATE else self._change
                made = self._erp.desk.read(call.function, ref, lambda conn, at: way(call, session))
        kept = {} if name not in self._sessions else {"Set-Cookie": f"{COOKIE}={name}; path=/"}
        return _xml(write_answer(made, call, style, ALL), headers=kept)

    def _create(self, call: Call, session: Session) -> Answer:
        header = call.structures.get("ORDER_HEADER_IN", {})
        said: Body = {"lines": [], "created": stamp(self._clock())}
        try:
            said["customer"] = sold_to(call)
            said["block"] = "X" if header.get("DLV_BLOCK") else ""
            said["lines"] = lines(call)
            self._erp.checked(said)
        except Refused as error:
            return _refused(error, "V4", "219", "Sales document was not created")
        ref, content = header.get("PURCH_NO_C", ""), repr(call).encode()
        number = self._erp.burn()
        if call.values.get("TESTRUN") != "X":
            session.work.append(lambda: self._erp.create(ref, said, HUB, content, number))
        saved = message("S", "V1", "311", f"Standard Order {number} has been saved")
        return Answer(tables={"RETURN": [_processed(), saved]}, values={"SALESDOCUMENT": f"{number:010d}"})

    def _change(self, call: Call, session: Session) -> Answer:
        document = call.values.get("SALESDOCUMENT", "")
        try:
            require_change(call)
            number = int(document or 0)
            said = changes(call, self._take(number, session))
            self._erp.checked(said)
        except Refused as error:
            return _refused(error, "V4", "219", f"Sales document {document} was not changed")
        except Unknown:
            gone = Refused("V1045", f"Sales document {document} does not exist")
            return _refused(gone, "V4", "219", f"Sales document {document} was not changed")
        content = repr(call).encode()
        if call.values.get("SIMULATION") != "X":
            session.work.append(lambda: self._erp.change(number, said, HUB, None, content))
        saved = message("S", "V1", "311", f"Standard Order {number} has been saved")
        return Answer(tables={"RETURN": [_processed(), saved]})

    def _take(self, number: int, session: Session) -> Body:
        """Lock a document for a session and return it; Refused while somebody else has it."""
        with self._erp.desk.database.reading() as conn:
            body = self._erp.desk.records.get(conn, number).body
        if number not in session.locked:
            self._erp.require_free(number, "")
            if any(number in other.locked for other in self._sessions.values()):
                raise Refused(LOCKED, locked_text(number, "HUB_ERP"))
            session.locked.append(number)
        return body

    def _commit(self, name: str, session: Session) -> Answer:
        """Do what is due, all of it, whatever is said of it afterwards."""
        work = session.work
        self._end(name)
        failed: Exception | None = None
        for one in work:
            try:
                one()
            except (Interrupted, Refused, Unknown) as error:
                failed = failed or error
        if isinstance(failed, Interrupted):
            raise failed
        if failed is not None:
            return Answer({"RETURN": message("A", "00", "671", f"Update was terminated: {failed}")})
        return Answer({"RETURN": message()})

    def _end(self, name: str) -> None:
        self._sessions.pop(name, None)

    def _forget(self) -> None:
        """End sessions that nobody came back to."""
        limit = self._clock() - LIFE
        for name in [name for name, one in self._sessions.items() if one.used < limit]:
            self._end(name)


def message(kind: str = "", area: str = "", number: str = "000", text: str = "") -> Row:
    """Return a BAPIRET2 row; an initial one means that all went well."""
    return {"TYPE": kind, "ID": area, "NUMBER": number, "MESSAGE": text, "LOG_MSG_NO": "000000", "ROW": "0"}


def _processed() -> Row:
    return message("S", "V4", "233", "SALES_HEADER_IN has been processed successfully")


def _refused(error: Refused, area: str, number: str, text: str) -> Answer:
    cause = message("E", error.code[:2], error.code[2:], error.text)
    return Answer(tables={"RETURN": [cause, message("E", area, number, text)]})


def _session_of(asked: Asked) -> str:
    cookie = SimpleCookie(asked.headers.get("cookie", "")).get(COOKIE)
    return cookie.value if cookie else ""


def _interrupted(error: Interrupted, call: Call, style: Style) -> Reply | None:
    match error.way:
        case "500_before" | "500_after":
            return _xml(fault("SOAP-ENV:Server", "TIME_OUT"), 500)
        case "429":
            return Reply(
                503, b"<html><body>dispatcher is overloaded</body></html>", {"Content-Type": "text/html"}
            )
        case "locked":
            text = locked_text(int(call.values.get("SALESDOCUMENT") or 0), error.value or "WANGJG")
            row = message("E", LOCKED[:2], LOCKED[2:], text)
            return _xml(write_answer(Answer({"RETURN": row}, {"RETURN": [row]}), call, style, ALL))
    return garbage(error)


def _xml(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, text.encode(), {"Content-Type": "text/xml; charset=utf-8", **(headers or {})})
