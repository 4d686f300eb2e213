"""`orderhub metrics`: what monitoring asks, in the form of Prometheus; once, or at an address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from cli import context, show, stopping

if TYPE_CHECKING:
    from prometheus_client.core import Metric
    from prometheus_client.registry import CollectorRegistry

    from sync.metrics import Family

Ask = Callable[[], Iterator["Family"]]


def metrics(
    listen: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Serve /metrics here until stopped; default: print once."),
    ] = None,
) -> None:
    """Print the hub's metrics for Prometheus, or serve them.

    How fresh every system is, what was pulled and written, what waits, what is open, and which breakers are.
    """
    from prometheus_client import generate_latest

    from sync.metrics import Tally, families

    here, tally = context.here(), Tally()
    with here.store() as store:
        registry = _registry(lambda: families(store, here.systems, here.clock(), tally))
        if listen is None:
            show.print_text(generate_latest(registry).decode().rstrip("\n"))
            return
        raise typer.Exit(_serve(registry, *stopping.place(listen)))


def _serve(registry: CollectorRegistry, host: str, port: int) -> int:
    """Serve until somebody asks for an end; return the exit code."""
    from prometheus_client import start_http_server

    server, thread = start_http_server(port, host, registry)
    show.line(context.say("metrics.served", host=host, port=server.server_port), "good")
    with stopping.asked() as asked:
        while not asked.within(3600):
            pass
    server.shutdown()
    server.server_close()
    thread.join()
    return asked.code


def _registry(ask: Ask) -> CollectorRegistry:
    """Return a registry that asks anew at each look."""
    from prometheus_client.registry import Collector, CollectorRegistry

    class Hub(Collector):
        def collect(self) -> Iterator[Metric]:
            return map(_metric, ask())

    registry = CollectorRegistry()
    registry.register(Hub())
    return registry


def _metric(family: Family) -> Metric:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    made = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    metric = made(family.name, family.says, labels=family.labels)
    for key, value in sorted(family.values.items()):
        metric.add_metric(key, value)
    return metric
