"""Being let in (mapping language, abilities 1 to 5): for each way a server of its own and one mapping."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Since
from connectors.http.draft import Draft
from hub.errors import AuthExpired, ConfigError, HubError, Unavailable
from tests.connectors.rest_server import HTML, NOW, form, header, path, query, reply, said, serving, shop
from tests.connectors.soap_server import Reply, Request

ROWS = [{"id": "A1"}, {"id": "A2"}]
IDS = ["A1", "A2"]


def guarded(allowed: Callable[[Request], bool], status: int = 401) -> Callable[[Request], Reply]:
    return lambda request: reply(ROWS) if allowed(request) else reply({"error": "no"}, status)


def ids(records: list[Any]) -> list[str]:
    return [record["id"] for record in records]


def basic(login: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()


def test_basic_in_utf8() -> None:
    with serving(guarded(lambda r: header(r, "Authorization") == basic("hub", "密码pass"))) as running:
        assert ids(running.read("auth: basic", connection=running.connection(password="密码pass"))) == IDS


def test_bearer() -> None:
    with serving(guarded(lambda r: header(r, "Authorization") == "Bearer s3cret-Zq81")) as running:
        assert ids(running.read("auth: bearer")) == IDS


def test_a_header_and_a_parameter_made_of_the_connection_need_no_login() -> None:
    text = """
auth:
  headers: {Authorization: "token {{ conn.login }}:{{ conn.password }}"}
  query: {client: =conn.extra.client}
"""

    def allowed(request: Request) -> bool:
        token = header(request, "Authorization")
        return token == "token hub:s3cret-Zq81" and query(request) == {"client": "100"}

    with serving(guarded(allowed)) as running:
        assert ids(running.read(text, connection=running.connection(extra={"client": "100"}))) == IDS


@pytest.mark.parametrize(
    ("extra", "allowed"),
    [
        ({}, lambda r: header(r, "X-API-Key") == "s3cret-Zq81"),
        ({"header": "DHL-API-Key"}, lambda r: header(r, "dhl-api-key") == "s3cret-Zq81"),
        ({"query": "appkey", "api_key": "k9"}, lambda r: query(r) == {"appkey": "k9"}),
    ],
)
def test_api_key(extra: dict[str, str], allowed: Callable[[Request], bool]) -> None:
    with serving(guarded(allowed)) as running:
        assert ids(running.read("auth: api_key", connection=running.connection(extra=extra))) == IDS


def test_a_refused_key_is_not_tried_again() -> None:
    with serving(guarded(lambda r: False)) as running:
        connector = running.open("auth: basic")
        for _ in range(3):
            with pytest.raises(AuthExpired):
                list(connector.fetch("orders", Since({})))
        assert len(running.requests) == 1


class Tokens:
    """A token server and its orders; tokens end by time or on demand."""

    def __init__(self, life: int | None = 3600, by_basic: bool = False) -> None:
        self.life, self.by_basic = life, by_basic
        self.given: list[dict[str, str]] = []
        self.good: set[str] = set()

    def __call__(self, request: Request) -> Reply:
        if path(request) == "/oauth/token":
            asked = form(request)
            by_form = asked.get("client_id") == "hub" and asked.get("client_secret") == "s3cret-Zq81"
            by_header = header(request, "Authorization") == basic("hub", "s3cret-Zq81")
            if not (by_header if self.by_basic else by_form):
                return reply({"error": "invalid_client"}, 400)
            self.given.append(asked)
            token = f"token-{len(self.given)}"
            self.good = {token}
            life = {} if self.life is None else {"expires_in": self.life}
            return reply({"access_token": token, "token_type": "Bearer", **life})
        token = (header(request, "Authorization") or "").removeprefix("Bearer ")
        return reply(ROWS) if token in self.good else reply([{"errorCode": "INVALID_SESSION_ID"}], 401)


def test_oauth2_caches_its_token_until_shortly_before_the_end() -> None:
    tokens, now = Tokens(life=600), [NOW]
    with serving(tokens) as running:
        given = running.connection(extra={"token_url": "/oauth/token", "scope": "orders.read"})
        for _ in range(2):
            assert ids(running.read("auth: oauth2", connection=given, clock=lambda: now[0])) == IDS
        assert len(tokens.given) == 1
        now[0] += timedelta(seconds=541)
        assert ids(running.read("auth: oauth2", connection=given, clock=lambda: now[0])) == IDS
    assert [one["scope"] for one in tokens.given] == ["orders.read", "orders.read"]
    assert tokens.given[0]["grant_type"] == "client_credentials"


def test_oauth2_by_basic_with_more_fields() -> None:
    tokens = Tokens(by_basic=True)
    text = "auth: {oauth2: {url: /oauth/token, client: basic, form: {audience: orders-api}}}"
    with serving(tokens) as running:
        assert ids(running.read(text)) == IDS
    assert tokens.given == [{"grant_type": "client_credentials", "audience": "orders-api"}]


def test_oauth2_token_found_expired_is_got_anew_once() -> None:
    tokens = Tokens(life=None)
    with serving(tokens) as running:
        connector = running.open("auth: {oauth2: {url: /oauth/token}}")
        list(connector.fetch("orders", Since({})))
        tokens.good.clear()
        assert ids([r for page in connector.fetch("orders", Since({})) for r in page.records]) == IDS
        assert len(tokens.given) == 2


def test_a_login_at_an_address_that_is_not_there_is_no_wrong_password() -> None:
    text = "auth: {login: {post: /sesion, take: {t: t}}, headers: {X: =t}}\n"
    with serving(lambda request: reply({}, 404)) as running:
        with pytest.raises(AuthExpired) as caught:
            running.read(text + "streams: {orders: {read: {get: /orders}, fields: {order_no: id}}}")
        assert (caught.value.key, len(running.requests)) == ("http.login_missing", 1)
        assert "/sesion" in caught.value.say()


def test_oauth2_refused_is_said_without_secrets() -> None:
    tokens = Tokens(by_basic=True)
    with serving(tokens) as running, pytest.raises(AuthExpired) as caught:
        running.read("auth: {oauth2: {url: /oauth/token}}")
    assert caught.value.key == "http.login_refused"
    assert "s3cret" not in f"{caught.value!r} {caught.value.values} {caught.value}"
    assert len(running.requests) == 1


class Sessions:
    """A login that gives a session and a user, from the body, a header and a cookie."""

    def __init__(self) -> None:
        self.logins = 0
        self.good = ""

    def __call__(self, request: Request) -> Reply:
        if path(request) == "/session":
            if said(request) != {"user": "hub", "secret": "s3cret-Zq81"}:
                return reply({"ok": False, "why": "wrong password"})
            self.logins += 1
            self.good = f"S{self.logins}"
            return reply(
                {"ok": True, "session": {"id": self.good}, "user": {"no": 7}},
                X_Realm="plant-1",
                Set_Cookie=f"sid=c{self.logins}; Path=/",
            )
        given = (
            header(request, "X-Session"),
            query(request).get("realm"),
            header(request, "Cookie"),
            said(request),
        )
        token = base64.b64encode(f"7:{self.good}".encode()).decode()
        wanted = (token, "plant-1", f"sid=c{self.logins}", {"state": "open", "user": 7})
        return reply(ROWS) if given == wanted else reply({"code": 9001, "text": "session lost"})


LOGIN = """
auth:
  login:
    post: /session
    json: {user: =conn.login, secret: =conn.password}
    ok: ok
    errors: {text: why}
    take: {token: session.id, user: user.no, realm: meta.header.x_realm}
  headers: {X-Session: "{{ (user ~ ':' ~ token) | b64 }}"}
  query: {realm: =realm}
  body: {user: =user}
  ttl: 20m
errors: {code: code, text: text, auth: ["9001 *"]}
streams: {orders: {read: {post: /orders, json: {state: open}}, fields: {order_no: id}}}
"""


def test_a_login_gives_several_values_for_header_query_body_and_cookie() -> None:
    sessions = Sessions()
    with serving(sessions) as running:
        assert ids(running.read(LOGIN)) == IDS
        assert sessions.logins == 1


def test_a_login_lives_for_its_ttl() -> None:
    sessions, now = Sessions(), [NOW]
    with serving(sessions) as running:
        connector = running.open(LOGIN, clock=lambda: now[0])
        for minutes in (0, 19, 21):
            now[0] = NOW + timedelta(minutes=minutes)
            list(connector.fetch("orders", Since({})))
        assert sessions.logins == 2


def test_an_expired_login_is_renewed_once_and_the_call_repeated_once() -> None:
    sessions = Sessions()
    with serving(sessions) as running:
        connector = running.open(LOGIN)
        list(connector.fetch("orders", Since({})))
        sessions.good = "lost"
        assert ids([r for page in connector.fetch("orders", Since({})) for r in page.records]) == IDS
        assert sessions.logins == 2
        assert [path(one) for one in running.requests] == [
            "/session", "/orders", "/orders", "/session", "/orders",
        ]  # fmt: skip


def test_a_session_that_is_never_accepted_ends_after_one_renewal() -> None:
    sessions = Sessions()

    def never(request: Request) -> Reply:
        return sessions(request) if path(request) == "/session" else reply({"code": 9001, "text": "no"})

    with serving(never) as running:
        connector = running.open(LOGIN)
        for _ in range(3):
            with pytest.raises(AuthExpired):
                list(connector.fetch("orders", Since({})))
        assert len(running.requests) == 4


def test_a_wrong_password_is_sent_once() -> None:
    with serving(Sessions()) as running:
        connector = running.open(LOGIN, connection=running.connection(password="wrong"))
        for _ in range(2):
            with pytest.raises(AuthExpired) as caught:
                list(connector.fetch("orders", Since({})))
        assert len(running.requests) == 1
        assert caught.value.key == "http.refused_before"


def test_one_login_is_shared_by_all_connectors_of_a_system() -> None:
    sessions = Sessions()
    with serving(sessions) as running:
        found: list[list[str]] = []

        def work() -> None:
            connector = running.open(LOGIN)
            for _ in range(3):
                pages = connector.fetch("orders", Since({}))
                found.append(ids([record for page in pages for record in page.records]))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [IDS] * 12
        assert sessions.logins == 1


def test_what_a_login_took_can_be_used_anywhere_in_a_call() -> None:
    """As object databases want it: the user's number deep inside the arguments of each call."""

    def rpc(request: Request) -> Reply:
        call = said(request)
        service, method, args = (call["params"][name] for name in ("service", "method", "args"))
        if (service, method) == ("common", "login"):
            return reply(
                {"jsonrpc": "2.0", "id": call["id"], "result": 42 if args[2] == "s3cret-Zq81" else False}
            )
        assert args[:3] == ["db1", 42, "s3cret-Zq81"]
        assert args[3:5] == ["sale.order", "search_read"]
        assert args[5] == [[["write_date", ">=", "1970-01-01 00:00:00"]]]
        rows = [{"id": 1, "name": "SO1"}, {"id": 2, "name": "SO2"}, {"id": 3, "name": "SO3"}]
        begin = args[6]["offset"]
        return reply({"jsonrpc": "2.0", "id": call["id"], "result": rows[begin : begin + args[6]["limit"]]})

    text = """
calls:
  json: {jsonrpc: "2.0", id: =serial, method: call}
  errors: {code: error.code, text: error.data.message}
  ok: "!error"
auth:
  login:
    post: /jsonrpc
    json: {params: {service: common, method: login, args: [=conn.schema, =conn.login, =conn.password]}}
    ok: result
    take: {uid: result}
streams:
  orders:
    read:
      post: /jsonrpc
      json:
        params:
          service: object
          method: execute_kw
          args:
            - =conn.schema
            - =uid
            - =conn.password
            - sale.order
            - search_read
            - [[[write_date, ">=", "=since | default('1970-01-01 00:00:00')"]]]
            - {fields: [name], offset: =offset, limit: =size, order: "write_date, id"}
      size: 2
      records: result
      cursor: [write_date, id]
    fields: {order_no: name}
"""
    with serving(lambda r: rpc(r) if path(r) == "/jsonrpc" else reply({}, 404)) as running:
        given = running.connection(extra={"db": "db1"})
        records = running.read(text.replace("=conn.schema", "=conn.extra.db"), connection=given)
        assert [record["name"] for record in records] == ["SO1", "SO2", "SO3"]
        numbers = [said(one)["id"] for one in running.requests]
        assert numbers == sorted(set(numbers))


class Handshakes:
    """Hands out tokens that belong to a cookie, and demands them even for reads."""

    def __init__(self) -> None:
        self.fetched = 0

    def __call__(self, request: Request) -> Reply:
        if header(request, "X-CSRF-Token") == "Fetch":
            self.fetched += 1
            token, cookie = f"t{self.fetched}", f"ctx=s{self.fetched}; Path=/"
            return reply({}, X_CSRF_Token=token, Set_Cookie=cookie)
        pair = header(request, "X-CSRF-Token"), header(request, "Cookie")
        if pair != (f"t{self.fetched}", f"ctx=s{self.fetched}"):
            return reply({}, 403, X_CSRF_Token="Required")
        return reply(ROWS)


HANDSHAKE = """
auth:
  ways: basic
  csrf:
    reads: true
    fetch: {get: /, headers: {X-CSRF-Token: Fetch}, take: {csrf: meta.header.x_csrf_token}}
    headers: {X-CSRF-Token: =csrf}
"""


def test_a_handshake_with_its_cookie_and_again_once_when_refused() -> None:
    server = Handshakes()
    with serving(server) as running:
        connector = running.open(HANDSHAKE)
        assert ids([r for page in connector.fetch("orders", Since({})) for r in page.records]) == IDS
        server.fetched += 1  # the server forgot its own token
        assert ids([r for page in connector.fetch("orders", Since({})) for r in page.records]) == IDS
        assert [path(one) for one in running.requests] == ["/", "/orders", "/orders", "/", "/orders"]
        assert {header(one, "Authorization") for one in running.requests} == {basic("hub", "s3cret-Zq81")}


def test_a_handshake_for_writes_is_not_made_for_reads() -> None:
    with serving(guarded(lambda r: header(r, "Authorization") is not None)) as running:
        assert ids(running.read("auth: [basic, csrf]")) == IDS
        assert [path(one) for one in running.requests] == ["/orders"]


def test_a_handshake_for_writes_is_ready_when_one_is_due() -> None:
    """What writing will use: token and cookie together, fetched when a write is due, again when refused."""
    server = Handshakes()
    with serving(server) as running:
        entered = running.open("auth: [basic, csrf]")._caller._access
        draft = Draft("POST", "http://127.0.0.1/orders")
        entered.apply(draft, entered.values(writes=True), writes=True)
        assert draft.headers["X-CSRF-Token"] == "t1"
        assert entered.common.jar["ctx"] == "s1"
        assert entered.renew(writes=True)
        assert entered.values(writes=True) == {"csrf_token": "t2"}
        assert entered.values() == {}


def test_a_form_that_answers_with_a_redirect_and_a_cookie() -> None:
    def site(request: Request) -> Reply:
        if path(request) == "/login" and request.method == "POST":
            if form(request) != {"user": "hub", "pass": "s3cret-Zq81"}:
                return Reply("<html>wrong</html>", 200, HTML)
            return Reply("", 302, {"Location": "/home", "Set-Cookie": "sid=s1; Path=/"})
        if header(request, "Cookie") != "sid=s1":
            return Reply("<html><title>Log in</title></html>", 200, HTML)
        return Reply("<html>home</html>", 200, HTML) if path(request) == "/home" else reply(ROWS)

    text = """
auth: {login: {post: /login, form: {user: =conn.login, pass: =conn.password}, take: {sid: meta.cookie.sid}}}
errors: {auth: ["200 Log in"]}
"""
    with serving(site) as running:
        assert ids(running.read(text)) == IDS
        assert [f"{one.method} {path(one)}" for one in running.requests] == [
            "POST /login", "GET /home", "GET /orders",
        ]  # fmt: skip


def test_a_login_at_another_host_is_not_given_the_other_credentials() -> None:
    def tokens(request: Request) -> Reply:
        assert header(request, "Authorization") is None
        return reply({"token": "t1"})

    with serving(tokens) as other:
        text = f"""
auth:
  ways: basic
  login: {{post: "http://localhost:{other.server.port}/token", take: {{token: token}}}}
  headers: {{X-Token: =token}}
"""
        allowed = guarded(lambda r: bool(header(r, "X-Token") == "t1" and header(r, "Authorization")))
        with serving(allowed) as running:
            assert ids(running.read(text)) == IDS


def signed(check: Callable[[Request], bool]) -> Callable[[Request], Reply]:
    return lambda request: reply(ROWS) if check(request) else reply({"code": "SIGN", "text": "bad"})


ERRORS = 'errors: {code: code, text: text, rejected: ["SIGN*"]}\n'


def test_signature_over_method_path_time_nonce_and_body_in_headers() -> None:
    def check(request: Request) -> bool:
        stamp, nonce = header(request, "X-Time"), header(request, "X-Nonce")
        text = f"POST\n/orders\n{stamp}\n{nonce}\n".encode() + request.body
        wanted = hmac.new(b"s3cret-Zq81", text, hashlib.sha256).hexdigest()
        return header(request, "X-Sign") == wanted and stamp == "1772452800000" and len(nonce or "") == 32

    text = """
calls:
  sign:
    headers:
      X-Time: =now | epoch_ms
      X-Nonce: =nonce
      X-Sign: "={{SIGN}}"
streams: {orders: {read: {post: /orders, json: {state: open, 文: "é"}}, fields: {order_no: id}}}
""".replace(
        '"={{SIGN}}"',
        "\"=(request.method ~ '\\n' ~ request.path ~ '\\n' ~ (now | epoch_ms) ~ '\\n' ~ nonce ~ '\\n'"
        ' ~ request.body) | hmac_sha256(conn.password) | hex"',
    )
    with serving(signed(check)) as running:
        assert ids(running.read(ERRORS + text)) == IDS


def test_signature_of_a_gateway_over_sorted_parameters_and_body_in_the_query() -> None:
    """Warehouse gateway: secret, sorted names and values, the exact body, secret; MD5 in upper case."""

    def check(request: Request) -> bool:
        asked = query(request)
        sign = asked.pop("sign")
        text = "".join(name + asked[name] for name in sorted(asked))
        whole = b"s3cret-Zq81" + text.encode() + request.body + b"s3cret-Zq81"
        return (
            sign == hashlib.md5(whole).hexdigest().upper() and b"<orderCode>SO1</orderCode>" in request.body
        )

    text = """
auth:
  sign:
    query:
      sign: >-
        =(conn.password ~ (request.query | sorted_query('', '')) ~ request.body ~ conn.password)
        | md5 | hex | upper
streams:
  orders:
    read:
      post: /router
      query:
        method: order.query
        app_key: =conn.login
        timestamp: "=now | local('Asia/Shanghai') | date('%Y-%m-%d %H:%M:%S')"
        format: xml
      xml: {request: {orderCode: SO1, "@v": "1"}}
    fields: {order_no: id}
"""
    with serving(signed(check)) as running:
        assert ids(running.read(ERRORS + text)) == IDS
        (request,) = running.requests
        assert query(request)["timestamp"] == "2026-03-02 20:00:00"


def test_a_call_signs_over_what_the_system_has_put_beside_it_and_over_query_and_form_together() -> None:
    def check(request: Request) -> bool:
        asked = {**query(request), **form(request)}
        sign = asked.pop("sign")
        text = "".join(name + asked[name] for name in sorted(asked))
        wanted = hmac.new(b"s3cret-Zq81", text.encode(), hashlib.sha256).hexdigest()
        return sign == wanted and asked.keys() == {"app_key", "timestamp", "method", "q"}

    text = """
auth: {sign: {query: {app_key: =conn.login, timestamp: =now | epoch}}}
streams:
  orders:
    read:
      post: /router
      form: {method: orders.get, q: "a b"}
      sign: {query: {sign: "=(request.params | sorted_query('', '')) | hmac_sha256(conn.password) | hex"}}
    fields: {order_no: id}
"""
    with serving(signed(check)) as running:
        assert ids(running.read(ERRORS + text)) == IDS


def test_signature_over_a_json_text_in_a_form() -> None:
    """Tracking services: sign = MD5(param + key + customer), over exactly the text that is sent."""

    def check(request: Request) -> bool:
        sent = form(request)
        wanted = hashlib.md5((sent["param"] + "k1" + "hub").encode()).hexdigest().upper()
        assert sent["param"] == '{"com":"yunda","num":"3950","resultv2":"4"}'
        return sent == {"customer": "hub", "param": sent["param"], "sign": wanted}

    text = """
calls: {sign: {form: {sign: "=(request.fields.param ~ conn.extra.key ~ conn.login) | md5 | hex | upper"}}}
streams:
  orders:
    read:
      post: /query.do
      form: {customer: =conn.login, param: {tojson: {com: yunda, num: "3950", resultv2: "4"}}}
    fields: {order_no: id}
"""
    with serving(signed(check)) as running:
        assert ids(running.read(ERRORS + text, connection=running.connection(extra={"key": "k1"}))) == IDS


def test_signature_inside_the_json_body() -> None:
    """A robot's way: base64 of an HMAC whose key is time and secret, beside the time in the body."""

    def check(request: Request) -> bool:
        sent = said(request)
        key = f"{sent['timestamp']}\ns3cret-Zq81".encode()
        wanted = base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
        return bool(sent["sign"] == wanted and sent["q"] == "open")

    text = r"""
auth:
  sign:
    json:
      timestamp: "{{ now | epoch }}"
      sign: "='' | hmac_sha256((now | epoch) ~ '\n' ~ conn.password) | b64"
streams: {orders: {read: {post: /orders, json: {q: open}}, fields: {order_no: id}}}
"""
    with serving(signed(check)) as running:
        assert ids(running.read(ERRORS + text)) == IDS


def test_signature_of_a_form_encoded_text() -> None:
    """A courier's digest: base64 of the MD5 of data, time and check word, form-encoded (its own vector)."""
    text = r"""
calls:
  sign:
    form:
      msgDigest: >-
        =(request.fields.msgData ~ request.fields.timestamp ~ conn.password) | quote_plus | md5 | b64
streams:
  orders:
    read: {post: /std/service, form: {timestamp: "1700000000000", msgData: '{"a":1}'}}
    fields: {order_no: id}
"""
    with serving(lambda request: reply(ROWS)) as running:
        running.read(text, connection=running.connection(password="cw"))
        assert form(running.requests[0])["msgDigest"] == "MTi764CWVlVMKjj8p0kGeQ=="


def test_a_hook_signs_what_no_expression_can(tmp_path: Path) -> None:
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / "depot.py").write_text(
        '"""Sign."""\n\n\ndef sign(request):\n'
        '    mark = "".join(reversed(request["secret"]))\n'
        '    return {**request, "headers": {**request["headers"], "X-Mark": mark}}\n',
        "utf-8",
    )
    mapping = shop("hook: depot", tmp_path / "systems")
    with serving(guarded(lambda r: header(r, "X-Mark") == "18qZ-terc3s")) as running:
        assert ids(running.read(mapping)) == IDS


def test_credentials_go_to_no_other_host() -> None:
    with serving(lambda request: reply(ROWS)) as other:
        elsewhere = f"http://localhost:{other.server.port}/orders"

        def lead_away(request: Request) -> Reply:
            return Reply("", 302, {"Location": elsewhere})

        with serving(lead_away) as running:
            with pytest.raises(Unavailable):
                running.read("auth: basic")
            with pytest.raises(ConfigError):
                stream = f"orders: {{read: {{get: '{elsewhere}'}}, fields: {{order_no: id}}}}"
                running.read(f"auth: basic\nstreams: {{{stream}}}")
        assert not other.requests


def test_redirects_within_the_host_are_followed() -> None:
    def moved(request: Request) -> Reply:
        if path(request) == "/orders":
            return Reply("", 301, {"Location": "/v2/orders?page=all"})
        return guarded(lambda r: header(r, "Authorization") is not None)(request)

    with serving(moved) as running:
        assert ids(running.read("auth: basic")) == IDS


def test_environment_proxies_and_netrc_are_not_looked_at(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password mine", "utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with serving(guarded(lambda r: header(r, "Authorization") is None)) as running:
        assert ids(running.read("contact: shop")) == IDS


@pytest.mark.parametrize("text", ["auth: bearer", "auth: oauth2", "auth: basic", "auth: wsse"])
def test_what_the_connection_lacks_is_named(text: str) -> None:
    with serving(lambda request: reply(ROWS)) as running, pytest.raises(HubError) as caught:
        running.open(text, connection=running.connection(login=None, password=None))
    assert isinstance(caught.value, ConfigError)


def test_the_clock_is_the_one_given() -> None:
    later: datetime = NOW + timedelta(days=1)
    with serving(lambda request: reply(ROWS)) as shopping:
        read = "{get: /orders, query: {day: \"=now | date('%Y%m%d')\"}}"
        text = f"streams: {{orders: {{read: {read}, fields: {{order_no: id}}}}}}"
        shopping.read(text, clock=lambda: later)
        assert query(shopping.requests[0]) == {"day": "20260303"}
