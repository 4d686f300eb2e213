"""The page as a FastAPI app: what is shown stands in `board`, who may see it is asked at the door.

Nothing is taken from a request but one of the names of `papers`. Every answer forbids scripts and styles from
elsewhere, and to be shown in frames of other sites.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import FileResponse, HTMLResponse, Response

from airflow_provider.board import board, folder_of, render, render_problem, render_view
from airflow_provider.papers import Paper, papers
from airflow_provider.people import Person
from airflow_provider.reach import language
from hub.errors import HubError

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; "
    "frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
_ALWAYS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"}

Clock = Callable[[], datetime]


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def make_app(door: Callable[..., Person], env: Mapping[str, str] = os.environ, clock: Clock = now) -> FastAPI:
    """Return the app; `door` is the dependency that lets people in, or answers 401 or 403."""
    app = FastAPI(title="OrderHub", openapi_url=None)

    @app.get("/")
    def overview(person: Any = Depends(door)) -> Response:
        nonce = secrets.token_urlsafe(16)
        try:
            return _html(render(board(env, person, clock), nonce), nonce)
        except HubError as error:
            return _html(render_problem(error, language(env), nonce), nonce, 503)

    @app.get("/view/{name}")
    def view(name: str, person: Any = Depends(door)) -> Response:
        nonce = secrets.token_urlsafe(16)
        return _html(render_view(_paper(name, person, env), language(env), nonce), nonce)

    @app.get("/file/{name}")
    def file(name: str, person: Any = Depends(door)) -> Response:
        paper = _paper(name, person, env)
        kept = None if paper.file.suffix == ".html" else paper.file.name
        headers = {**_ALWAYS, "Content-Security-Policy": _POLICY}
        return FileResponse(paper.file, media_type=paper.media, filename=kept, headers=headers)

    return app


def _paper(name: str, person: Person, env: Mapping[str, str]) -> Paper:
    """Return the report of this name; 404 if there is none, 403 if it is not for this person."""
    try:
        found = papers(folder_of(env), language(env)).get(name)
    except HubError:
        found = None
    if found is None:
        raise HTTPException(404, "no such report")
    if found.money and not person.may_see_money:
        raise HTTPException(403, "no role that may see payments")
    return found


def _html(told: str, nonce: str, status: int = 200) -> HTMLResponse:
    policy = f"{_POLICY}; script-src 'nonce-{nonce}'"
    return HTMLResponse(told, status, {**_ALWAYS, "Content-Security-Policy": policy})
