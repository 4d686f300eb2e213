"""The floors of the house: who may import whom."""

from __future__ import annotations

import pytest

from tests.house.code import OUTSIDE, PRODUCT, ROOT, Import, imports, sources

BELOW = {
    "hub": set[str](),
    "connectors": {"hub"},
    "sync": {"hub", "connectors"},
    "ui_automation": {"hub", "connectors"},
    "reconciler": {"hub", "connectors", "sync", "ui_automation"},
    "console": {"hub", "connectors", "sync", "ui_automation", "reconciler"},
    "cli": {"hub", "connectors", "sync", "ui_automation", "reconciler", "console", "simulators"},
    "airflow_provider": {"hub", "connectors", "sync", "ui_automation", "reconciler", "console"},
    "dags": {
        "hub",
        "connectors",
        "sync",
        "ui_automation",
        "reconciler",
        "console",
        "cli",
        "airflow_provider",
    },
    "migrations": {"hub"},
    "simulators": set(),
}
"""What each room may import beside itself (design, section 2)."""

SIMULATOR_USERS = ("simulators", "cli.demo", "cli.practice", "cli.airflow_worlds", "tests", "benchmarks")
AIRFLOW_ROOMS = {"airflow_provider", "dags"}
AIRFLOW_TESTS = ("tests.dags", "tests.airflow_provider")
CONNECTOR_DOORS = {
    "connectors.contract",
    "connectors.files.drops",
    "connectors.registry",
    "connectors.statements.exports",
    "connectors.statements.identity",
    "connectors.statements.model",
    "connectors.statements.parse",
}


def wrong(rule: list[Import]) -> str:
    return "\n".join(map(str, rule))


def module_of(name: str) -> str:
    """The module that a dotted import name lies in: itself, or the one that holds it as a name."""
    return name if name in sources() else name.rpartition(".")[0]


def test_every_room_is_known() -> None:
    packages = {module.partition(".")[0] for module in sources()}
    unknown = {path.parent.name for path in ROOT.glob("*/__init__.py")} - set(PRODUCT + OUTSIDE)
    assert packages >= {"hub", "connectors", "sync", "reconciler", "cli"}
    assert not unknown


@pytest.mark.parametrize("room", BELOW)
def test_a_room_imports_only_the_floors_below(room: str) -> None:
    rooms = set(PRODUCT + OUTSIDE)
    upward = [
        i for i in imports() if i.room == room and i.target in rooms and i.target not in BELOW[room] | {room}
    ]
    assert not upward, wrong(upward)


def test_only_the_demo_its_tests_and_benchmarks_use_the_simulators() -> None:
    users = [i for i in imports() if i.target == "simulators" and not i.module.startswith(SIMULATOR_USERS)]
    assert not users, wrong(users)


def test_only_the_airflow_rooms_import_airflow() -> None:
    users = [
        i
        for i in imports()
        if i.target == "airflow" and i.room not in AIRFLOW_ROOMS and not i.module.startswith(AIRFLOW_TESTS)
    ]
    assert not users, wrong(users)


def test_dags_use_only_airflows_public_interface() -> None:
    inner = [
        i for i in imports() if i.room == "dags" and i.target == "airflow" and i.name.split(".")[1] != "sdk"
    ]
    assert not inner, wrong(inner)


def test_dags_are_thin() -> None:
    long = {
        m: n
        for m, (path, _) in sources().items()
        if m.startswith("dags.") and (n := _lines(path.read_text())) >= 40
    }
    assert not long


def _lines(text: str) -> int:
    return len(text.splitlines())


def test_connectors_are_reached_through_the_registry() -> None:
    around = [
        i
        for i in imports()
        if i.target == "connectors"
        and i.room in PRODUCT
        and i.room != "connectors"
        and module_of(i.name) not in CONNECTOR_DOORS
    ]
    assert not around, wrong(around)


def test_no_circles() -> None:
    graph: dict[str, set[str]] = {module: set() for module in sources()}
    for i in imports():
        if i.early and (target := module_of(i.name)) in graph and target != i.module:
            graph[i.module].add(target)
    assert not _circle(graph)


def _circle(graph: dict[str, set[str]]) -> list[str]:
    """Return the modules that load each other, found by taking away those that need nothing more."""
    left = {module: set(needs) for module, needs in graph.items()}
    while done := {module for module, needs in left.items() if not needs & left.keys()}:
        left = {module: needs for module, needs in left.items() if module not in done}
    return sorted(left)


def test_the_circle_check_sees_a_circle() -> None:
    assert _circle({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == ["a", "b", "c"]
