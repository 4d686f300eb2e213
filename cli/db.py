"""`orderhub db`: the store's tables, and the key that seals what lies in them."""

from __future__ import annotations

import typer

from cli import context, show
from cli.options import Json

app = typer.Typer(help="The store: its tables and its key.", no_args_is_help=True)


@app.command()
def upgrade(as_json: Json = False) -> None:
    """Make the store's tables, or bring them to what this version needs.

    Safe to run again.
    """
    import sqlalchemy as sa

    from hub.store import migrate

    with context.here().store(current=False) as store:
        with store.read() as conn:
            before = migrate.revision(conn)
        store.upgrade()
        url = sa.make_url(store.engine.url).render_as_string(hide_password=True)
    if as_json:
        show.print_json({"store": url, "before": before, "revision": migrate.HEAD})
    elif before == migrate.HEAD:
        show.line(context.say("cli.db_current", store=url, revision=migrate.HEAD), "good")
    else:
        show.line(context.say("cli.db_upgraded", store=url, revision=migrate.HEAD), "good")


@app.command()
def key() -> None:
    """Print a fresh key for ORDERHUB_KEY.

    Keep it: without it what is sealed in the store can never be read again.
    """
    from hub.store import make_key

    typer.echo(make_key())
    show.warn(context.say("cli.keep_key"))
