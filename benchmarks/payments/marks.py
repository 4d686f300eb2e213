"""Document numbers: how a ledger counts, and how people write the numbers into a remittance."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from random import Random

from benchmarks.payments.model import World

Style = Callable[[int, int, int], str]
"""From a running number, the year and the month."""

INVOICES: dict[str, tuple[Style, int]] = {
    "inv": (lambda n, y, m: f"INV-{y}-{n:06d}", 100),
    "fp": (lambda n, y, m: f"FP{y}{n:06d}", 10),
    "tax8": (lambda n, y, m: f"{n:08d}", 4_512_301),
    "digital": (lambda n, y, m: f"{y % 100}4420000000{n:08d}", 11_300_417),
    "re": (lambda n, y, m: f"RE{y}-{n:05d}", 20),
    "slash": (lambda n, y, m: f"{y}/{n:05d}", 7),
    "bare": (lambda n, y, m: f"{n}", 10_001),
    "short": (lambda n, y, m: f"{n}", 1_001),
    "letters": (lambda n, y, m: f"SI{n:07d}", 50_812),
}
ORDERS: dict[str, tuple[Style, int]] = {
    "so": (lambda n, y, m: f"SO{y}{m:02d}{n:05d}", 1),
    "dash": (lambda n, y, m: f"SO-{n}", 10_023),
    "sap": (lambda n, y, m: f"45{n:08d}", 312_440),
    "po": (lambda n, y, m: f"PO{y % 100}/{n:05d}", 30),
    "bare": (lambda n, y, m: f"{n}", 10_400),
}
CONTRACTS: dict[str, tuple[Style, int]] = {
    "ht": (lambda n, y, m: f"HT-{y}/{n}", 15),
    "ht2": (lambda n, y, m: f"HT{y}-{n:04d}", 3),
    "c": (lambda n, y, m: f"C-{n:04d}/{y % 100}", 40),
    "none": (lambda n, y, m: "", 0),
}

_ALIKE = str.maketrans("OILBS", "01185")
_WIDE = str.maketrans(
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-",
    "０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ－",
)


def fold(text: str) -> str:
    """Return what stays of a number through the slips made here: no signs, look-alikes as digits."""
    plain = unicodedata.normalize("NFKC", text).upper()
    return "".join(sign for sign in plain if sign.isalnum() and sign.isascii()).translate(_ALIKE)


def number_all(world: World, rng: Random) -> None:
    """Give every receivable its numbers, in order of issue, and index them by their folds."""
    from datetime import date

    invoice, at = INVOICES[rng.choice(list(INVOICES))]
    order, order_at = ORDERS[rng.choice(list(ORDERS))]
    contract, contract_at = CONTRACTS[rng.choice(list(CONTRACTS))]
    at, order_at = at + rng.randrange(500), order_at + rng.randrange(100)
    orders: dict[int, str] = {}
    contracts: dict[int, str] = {}
    batch = -1
    for one in sorted(world.receivables, key=lambda r: (r.issued, r.batch, r.place)):
        day = date.fromordinal(one.issued)
        at += 1 if one.batch == batch else rng.choice((1, 1, 1, 2))
        batch = one.batch
        one.invoice_no = invoice(at, day.year, day.month)
        if one.order not in orders:
            order_at += rng.choice((1, 1, 2, 5))
            orders[one.order] = order(order_at, day.year, day.month)
        one.order_no = orders[one.order]
        if one.contract >= 0:
            if one.contract not in contracts:
                contract_at += 1
                contracts[one.contract] = contract(contract_at, day.year, day.month)
            one.contract_no = contracts[one.contract]
    _collide(world, rng)
    for one in world.receivables:
        for number in {fold(n) for n in (one.invoice_no, one.order_no, one.contract_no) if n}:
            world.documents[number].append(one.place)


def _collide(world: World, rng: Random) -> None:
    """Let some orders carry a number which is another customer's invoice."""
    for _ in range(len(world.receivables) // 150):
        one, other = rng.choice(world.receivables), rng.choice(world.receivables)
        if one.customer != other.customer:
            same = one.order
            for each in (
                r for r in world.receivables[max(0, one.place - 6) : one.place + 7] if r.order == same
            ):
                each.order_no = other.invoice_no


def wide(number: str) -> str:
    """Return it in full-width signs."""
    return number.upper().translate(_WIDE)


def slips(rng: Random, number: str) -> str:
    """Return it as a scan or a tired typist leaves it: look-alikes swapped, separators lost."""
    swaps = {"0": "O", "1": "l", "8": "B", "5": "S", "O": "0", "I": "1", "S": "5"}
    spots = [at for at, sign in enumerate(number) if sign in swaps]
    for at in rng.sample(spots, min(len(spots), rng.randint(1, 2))):
        number = number[:at] + swaps[number[at]] + number[at + 1 :]
    return bare(number) if rng.random() < 0.4 else number


def bare(number: str) -> str:
    """Return it without its separators."""
    return number.replace("-", "").replace("/", "")


def spaced(number: str) -> str:
    """Return it with blanks for separators, or a blank in the middle."""
    if "-" in number or "/" in number:
        return number.replace("-", " ").replace("/", " ")
    return f"{number[:-4]} {number[-4:]}" if len(number) > 6 else number


def shortened(numbers: list[str], sign: str = ",") -> str:
    """Return a list whose later numbers leave out what they share with the first."""
    first, *rest = numbers
    shared = 0
    while shared < len(first) and all(len(n) == len(first) and n[shared] == first[shared] for n in rest):
        shared += 1
    cut = min(shared, max(len(first) - 4, 0)) if len(first) > 5 else 0
    while cut and cut < len(first) and not first[cut:].isdigit():
        cut += 1
    return sign.join([first, *(n[cut:] for n in rest)])


def reference(number: str) -> str:
    """Return the creditor reference (RF and two check digits) of a number, as invoices in Europe carry."""
    body = bare(number).replace(" ", "").upper()
    digits = "".join(str(int(sign, 36)) for sign in body + "RF00")
    return f"RF{98 - int(digits) % 97:02d}{body}"
