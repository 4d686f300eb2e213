"""What the factory makes and to whom it sells: companies, SKUs, customers, and what systems call them.

Nothing here depends on a seed: `mappings/skus.csv` and `mappings/units.csv` are written from it once
(`python -m simulators.catalogue DIR`), as a customer would export his master data.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ORDER_KINDS = ("regular", "rush", "sample", "repair", "consignment")
BASE_UNIT, BOX = "PCS", "BOX"
"""Units of the WMS."""
PIECE, CARTON = "ST", "KAR"
"""Units of the ERP."""

EVERY_SKU = "*"

LAST_OLD, FIRST_NEW = "2025-12-31", "2026-01-01"
"""A WMS code changed hands: the last day on which it meant the old SKU, the first of the new one."""

GIVEN_UP, TAKEN_OVER = "2025-11-01", "2026-03-01"
"""Old SKU: last orders under the shared code; new SKU: first orders under it (local dates)."""

_FAMILIES = (
    ("接触器", "CJX2", 18600),
    ("断路器", "DZ47", 9200),
    ("热继电器", "JR36", 7400),
    ("按钮开关", "LA38", 1250),
    ("接线端子", "UK", 180),
    ("行程开关", "LXW5", 2300),
    ("变压器", "JBK3", 21500),
    ("信号灯", "AD16", 690),
    ("不锈钢法兰", "FL<PN16", 4300),
    ("精密轴承座", "P&H", 13800),
)
_CITIES = ("苏州", "宁波", "东莞", "佛山", "常州", "温州", "青岛", "成都", "武汉", "厦门", "合肥", "无锡")
_TRADES = ("电气", "机电", "自动化", "五金", "成套设备")
_FORMS = ("有限公司", "股份有限公司", "贸易有限公司", "科技有限公司")


@dataclass(frozen=True, slots=True)
class Company:
    """A legal entity and the words each system has for it."""

    code: str
    name: str
    client: str
    sales_org: str
    wms: str
    tms: str
    prefix: str


COMPANIES = (
    Company("HS01", "华盛电气有限公司", "100", "1000", "HSDQ", "华盛电气", "DQ"),
    Company("HS02", "华盛精工有限公司", "200", "2000", "HSJG", "华盛精工", "JG"),
)


@dataclass(frozen=True, slots=True)
class Sku:
    """One article: `code` is its number in the ERP and the hub, `price` in fen, `box` the pieces of a box.

    `lot` is what quantities are multiples of; `boxed` says that the WMS counts it in boxes, `cartons` that
    the ERP sells it by the carton.
    """

    code: str
    text: str
    price: int
    box: int
    lot: int
    boxed: bool
    cartons: bool
    wms: str


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer of one company; `hubs` is how many hubs lie on the way, which decides how long it takes."""

    number: str
    name: str
    city: str
    hubs: int


def _sku(index: int) -> Sku:
    name, model, price = _FAMILIES[index % len(_FAMILIES)]
    code = f"{100200 + index * 7}"
    boxed, cartons = index % 4 == 1, index % 8 == 3
    box = (6, 10, 12, 24, 50)[index % 5]
    own = f"{model[:2]}-{index:04d}" if index % 5 in (0, 3) else code
    return Sku(
        code=code,
        text=f"{name} {model}-{10 + index % 37}",
        price=price + index % 23 * 45,
        box=box,
        lot=box if boxed or cartons else 1,
        boxed=boxed,
        cartons=cartons,
        wms=own,
    )


SKUS = tuple(_sku(index) for index in range(300))
OLD, NEW = 10, 12
"""Positions of the two SKUs between which a WMS code changed hands (neither is boxed)."""
SHARED_CODE = "ZZ-0900"
LATER_CODE, EARLIER_CODE = "ZZ-0901", "ZZ-0899"

SALESPEOPLE = ("王建国", "李晓梅", "陈伟", "刘洋", "赵敏", "孙丽华", "周强", "吴婷", "郑凯", "何静")


def _customer(company: int, index: int) -> Customer:
    step = index * 7 + company * 3
    city = _CITIES[step % len(_CITIES)]
    mark = "恒鑫华远达"[index % 5] + "泰瑞丰盛通"[index // 5 % 5]
    name = f"{city}{mark}{_TRADES[step % 5]}{_FORMS[index % 4]}"
    if index % 29 == 5:
        name = f"Brandt & Söhne {_CITIES[index % 12]}代表处"
    return Customer(number=f"{200010 + index * 3}", name=name, city=city, hubs=step % 3)


CUSTOMERS = (
    tuple(_customer(0, index) for index in range(70)),
    tuple(_customer(1, index) for index in range(52)),
)
"""Customers of each company. Both count from the same number: a customer number alone names nobody."""


def wms_code(sku: int, day: str) -> str:
    """Return the WMS's code of a SKU (its position) on an order entered on local date `day`."""
    if sku == OLD:
        return SHARED_CODE if day < GIVEN_UP else LATER_CODE
    if sku == NEW:
        return EARLIER_CODE if day < TAKEN_OVER else SHARED_CODE
    return SKUS[sku].wms


def unit_rows() -> Iterator[tuple[str, str, str]]:
    """Yield sku, unit, factor: how many base units one of the unit is; sku "*" stands for every SKU."""
    yield EVERY_SKU, BASE_UNIT, "1"
    yield EVERY_SKU, PIECE, "1"
    for sku in SKUS:
        if sku.boxed:
            yield sku.code, BOX, str(sku.box)
        if sku.cartons:
            yield sku.code, CARTON, str(sku.box)


def sku_rows() -> Iterator[tuple[str, str, str, str, str]]:
    """Yield system, code, sku, from, to: the WMS's own codes and, where one changed hands, since when."""
    for index, sku in enumerate(SKUS):
        if index == OLD:
            yield "wms", SHARED_CODE, sku.code, "", LAST_OLD
            yield "wms", LATER_CODE, sku.code, "", ""
        elif index == NEW:
            yield "wms", EARLIER_CODE, sku.code, "", ""
            yield "wms", SHARED_CODE, sku.code, FIRST_NEW, ""
        elif sku.wms != sku.code:
            yield "wms", sku.wms, sku.code, "", ""


def write(folder: Path) -> None:
    """Write units.csv and skus.csv to `folder`."""
    for name, head, rows in (
        ("units.csv", ("sku", "unit", "factor"), unit_rows()),
        ("skus.csv", ("system", "code", "sku", "from", "to"), sku_rows()),
    ):
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file, lineterminator="\n")
            out.writerow(head)
            out.writerows(rows)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
