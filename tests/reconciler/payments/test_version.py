"""The version of the rules is another whenever a module changes that the matcher rests on."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from reconciler.payments import version
from reconciler.payments.version import VERSION, deciding, version_of

HERE = Path(version.__file__).parent


def test_all_that_decides_has_a_say() -> None:
    assert {"by_document", "by_party", "deductions", "matcher", "policies", "proposing", "rates"} <= set(
        deciding()
    )
    assert not {"booking", "files", "shelf", "standings", "version"} & set(deciding())
    assert re.fullmatch("[0-9a-f]{16}", VERSION)


def test_a_change_of_any_of_them_is_another_version(tmp_path: Path) -> None:
    for name in deciding():
        shutil.copy(HERE / f"{name}.py", tmp_path)
    assert version_of(tmp_path) == VERSION
    seen = {VERSION}
    for name in deciding():
        with (tmp_path / f"{name}.py").open("a", encoding="utf-8") as file:
            file.write("# changed\n")
        assert version_of(tmp_path) not in seen, name
        seen.add(version_of(tmp_path))
