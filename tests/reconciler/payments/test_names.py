"""What of a firm's name tells it from others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.payments.names import alike, core, cores, whole

SAME = [
    ("上海宏达电子有限公司", "上海宏达电子"),
    ("上海宏达电子有限公司", "上海宏达电子股份有限公司"),
    ("上海宏达电子有限公司", "上海市宏达电子有限责任公司"),
    ("上海宏达（集团）有限公司", "上海宏达集团有限公司"),
    ("宏达电子（上海）有限公司", "宏达电子(上海)有限公司"),
    ("宏达电子（上海）有限公司", "宏达电子上海有限公司"),
    ("臺灣電子股份有限公司", "台湾电子有限公司"),
    ("廣州藍天貿易有限公司", "广州蓝天贸易有限公司"),
    ("浙江省宁波市海天机械厂", "浙江宁波海天机械厂"),
    ("ＡＢＣ科技有限公司", "abc科技有限公司"),
    ("上海宏达 电子有限公司", "上海宏达电子有限公司"),
    ("株式会社山田", "山田株式會社"),
    ("Nordsee Möbel GmbH & Co. KG", "NORDSEE MOEBEL GMBH"),
    ("Nordsee Möbel GmbH", "Nordsee Mobel"),
    ("Straßenbau AG", "STRASSENBAU"),
    ("Brightwater Tools Ltd.", "BRIGHTWATER TOOLS LIMITED"),
    ("Brightwater-Tools Co., Ltd", "Brightwater Tools Inc"),
    ("The Brightwater Company", "Brightwater"),
    ("Dupont S. à r.l.", "DUPONT SARL"),
    ("Dupont S.A.R.L.", "Dupont"),
    ("Rossi S.p.A.", "S.P.A. ROSSI"),
    ("Kowalski Sp. z o.o.", "KOWALSKI"),
    ("Novák s.r.o.", "NOVAK SRO"),
    ("Smith & Sons Ltd", "Smith Sons"),
    ("A & B Trading Ltd", "AB Trading"),
    ("A. & B. Trading", "A&B TRADING CO"),
    ("Łódź Meble", "LODZ MEBLE"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_firm(one: str, other: str) -> None:
    assert cores(one) & cores(other)


OTHER = [
    ("上海宏达电子有限公司", "上海宏达电器有限公司"),
    ("上海宏达电子有限公司", "北京宏达电子有限公司"),
    ("宏达电子（上海）有限公司", "宏达电子（深圳）有限公司"),
    ("上海宏达电子有限公司", "上海宏达电子有限公司工会"),
    ("上海宏达电子有限公司", "上海宏达电子有限公司苏州分公司"),
    ("A & B Trading Ltd", "C & D Trading Ltd"),
    ("AB Trading", "Trading Ltd"),
    ("AS Marine", "SE Marine"),
    ("Brightwater Tools Ltd", "Brightwater Toys Ltd"),
    ("Nordsee Möbel GmbH", "Ostsee Möbel GmbH"),
]


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_other_firms(one: str, other: str) -> None:
    assert not cores(one) & cores(other)


def test_a_legal_form_alone_is_a_name_if_there_is_no_other() -> None:
    assert core("有限公司") == "有限公司"
    assert core("The Co. Ltd.") == "THECOLTD"
    assert cores("") == cores("-") == cores("王") == set()


def test_the_whole_name_tells_legal_forms_apart() -> None:
    assert whole("宏达有限公司") != whole("宏达股份有限公司")
    assert whole("Dupont S.A.") == whole("DUPONT SA") != whole("DUPONT SARL")


ALIKE = [
    ("上海宏达电子", "上海宏达电仔", True),
    ("上海宏达电子", "上海宏电子", True),
    ("上海宏达电子", "宏达电子", True),
    ("上海宏达电子科技发展", "宏达电子", True),
    ("BRIGHTWATERTOOLS", "BRIGTHWATERTOOLS", True),
    ("BRIGHTWATERTOOLS", "BRIGHTWATERTOOL", True),
    ("BRIGHTWATERTOOLS", "BRIGHTWATER", True),
    ("BRIGHTWATERTOOLS", "BRTLS", False),
    ("上海宏达电子", "北京宏达电子", False),
    ("北京华联", "南京华联", False),
    ("上海第一建筑", "上海第二建筑", False),
    ("FACTORY12", "FACTORY13", False),
    ("宏达", "宏大", False),
    ("上海宏达电子", "苏州蓝天贸易", False),
]


@pytest.mark.parametrize(("one", "other", "expected"), ALIKE)
def test_alike(one: str, other: str, expected: bool) -> None:
    assert alike(one, other) is expected
    assert alike(other, one) is expected


@given(st.text("ABCDEFGHIJKLMNOP", min_size=6, max_size=20), st.integers(0, 19))
def test_one_letter_lost_is_alike(name: str, place: int) -> None:
    place %= len(name)
    assert alike(name, name[:place] + name[place + 1 :])


@given(st.text(max_size=40))
def test_any_name_has_one_form(name: str) -> None:
    assert core(name) == core(f" {name} ")
    assert core(core(name)) == core(core(core(name)))
