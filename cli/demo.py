"""`orderhub demo`, `practice`, `airflow`: the main job on a simulated factory, or the factory to try out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

DEMO_NOW = "2026-06-30T18:05:00+08:00"
"""The moment at which the demo's factory stands still, so that every run sees the same world."""

Orders = Annotated[int, typer.Option(min=200, help="How many orders the factory had in its year.")]
Seed = Annotated[int, typer.Option(help="Another seed, another factory and other faults.")]


def demo(
    orders: Orders = 20_000,
    seed: Seed = 7,
    out: Annotated[Path, typer.Option(help="Where store, report and summary go.")] = Path("out/demo"),
    now: Annotated[str, typer.Option(help="The factory's moment (ISO 8601 with offset).")] = DEMO_NOW,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Run the main job on a simulated factory with known faults, then a day of writing in four systems."""
    from datetime import datetime

    from cli import context, demo_run, demo_screen, demo_two_way

    with context.errors():
        locale = context.language()
        world = demo_run.World(orders, seed, datetime.fromisoformat(now))
        screen = demo_screen.Screen(locale, silent=as_json)
        screen.begin(world)
        with screen.stages() as step:
            run = demo_run.run_demo(world, out, locale, step)
            run.two_way = demo_two_way.two_way(out / "two-way", seed, step)
        demo_run.leave_summary(run, out)
        screen.show(run)
        if as_json:
            typer.echo(demo_screen.as_json(run))
        missed = run.verdict.lost or run.verdict.false or any(one.errors for one in run.synced)
        if missed or not run.two_way.good:
            raise typer.Exit(1)


def practice(
    orders: Orders = 2_000,
    seed: Seed = 7,
    out: Annotated[Path, typer.Option(help="Where the practice systems live.")] = Path("out/practice"),
    port: Annotated[int, typer.Option(help="Port of the practice ERP.")] = 8765,
    faults: Annotated[bool, typer.Option(help="Seed faults, or leave the factory in good order.")] = True,
) -> None:
    """Keep the practice systems up, to try commands on."""
    from cli import context, demo_screen, practice_run

    with context.errors():
        screen = demo_screen.Screen(context.language())
        practice_run.keep_up(orders, seed, out, port, faults, screen)


def airflow(
    orders: Orders = 2_000,
    seed: Seed = 7,
    out: Annotated[Path, typer.Option(help="Where all of it lives; emptied first.")] = Path("out/airflow"),
    port: Annotated[int, typer.Option(help="Port of Airflow's page.")] = 8080,
    world: Annotated[
        Literal["factory", "market"],
        typer.Option(help="A factory with seeded faults, read only; or a market that is written to."),
    ] = "factory",
) -> None:
    """Run Airflow with the practice systems on this machine.

    PostgreSQL, API server, scheduler, DAG processor and triggerer, all on 127.0.0.1, until Ctrl-C.
    """
    from cli import airflow_run, airflow_worlds, context, demo_screen

    with context.errors():
        screen = demo_screen.Screen(context.language())
        chosen = airflow_worlds.world(world, orders, seed)
        raise typer.Exit(airflow_run.keep_up(chosen, out, port, screen))
