"""Customers as ledgers have them: near twins, groups and their firms, branches, English names, old names."""

from __future__ import annotations

from random import Random

from benchmarks.payments.model import Customer
from benchmarks.payments.words import (
    FIRST,
    FORMS,
    GIVEN,
    LEGAL,
    OLDER,
    PINYIN,
    PLACES,
    SOUNDS,
    SURNAMES,
    TOWNS,
    TRADES,
    WEST,
    WORK,
)


class Firms:
    """Makes customers; the same firm is never made twice."""

    def __init__(self, rng: Random, dialect: str) -> None:
        self._rng, self._dialect, self._taken = rng, dialect, set[str]()
        self.made: list[Customer] = []

    def make(self, wanted: int) -> list[Customer]:
        """Return so many customers, with groups and near twins among them."""
        rng = self._rng
        chinese = {"cn": 0.9, "eu": 0.04, "mixed": 0.5}[self._dialect]
        while len(self.made) < wanted:
            cn = rng.random() < chinese
            roll = rng.random()
            if roll < 0.06:
                self._group(cn)
            elif roll < 0.14 and cn:
                self._twins()
            elif roll < 0.15 and self.made:
                self._again()
            else:
                self._single(cn)
        del self.made[wanted:]
        for customer in self.made:
            self._finish(customer)
        return self.made

    def _add(self, cn: bool, name: str, short: str, english: str = "") -> Customer | None:
        if name in self._taken:
            return None
        self._taken.add(name)
        tongue = "cn" if cn else "en"
        customer = Customer(len(self.made), tongue, name, name_en=english, short=short)
        self.made.append(customer)
        return customer

    def _core(self) -> str:
        return "".join(self._rng.sample(list(SOUNDS), 2))

    def _single(self, cn: bool) -> Customer | None:
        rng = self._rng
        if not cn:
            core = rng.choice(WEST) + (f" & {rng.choice(WEST)}" if rng.random() < 0.3 else "")
            work, town = rng.choice(WORK), rng.choice(TOWNS)
            middle = f" {town}" if rng.random() < 0.25 else ""
            return self._add(False, f"{core} {work}{middle} {rng.choice(LEGAL)}", f"{core} {work}")
        return self._chinese(rng.randrange(len(PLACES)), self._core(), rng.choice(list(TRADES)))

    def _chinese(self, place: int, core: str, trade: str, form: str = "") -> Customer | None:
        rng = self._rng
        form, town = form or rng.choice(FORMS), PLACES[place]
        written = rng.random()
        if written < 0.7:
            name = f"{town}{core}{trade}{form}"
        elif written < 0.85:
            name = f"{core}{trade}（{town}）{form}"
        else:
            name = f"{town}市{core}{trade}{form}"
        said = "".join(SOUNDS[sign] for sign in core).capitalize()
        english = f"{PINYIN[place]} {said} {TRADES[trade]} Co., Ltd."
        return self._add(True, name, f"{town}{core}" if written < 0.7 else core + trade, english)

    def _twins(self) -> None:
        rng = self._rng
        core, trade, place = self._core(), rng.choice(list(TRADES)), rng.randrange(len(PLACES))
        alike = [s for s in SOUNDS if SOUNDS[s] == SOUNDS[core[1]] and s != core[1]]
        form = rng.choice(FORMS)
        pair = [self._chinese(place, core, trade, form)]
        if alike:
            pair.append(self._chinese(place, core[0] + rng.choice(alike), trade, form))
        for one in pair:
            if one:
                one.twinned = True

    def _again(self) -> None:
        """Enter a customer a second time, as ledgers that were merged have it."""
        first = self._rng.choice(self.made)
        twice = Customer(len(self.made), first.tongue, first.name, first.name_en, first.short)
        first.twinned = twice.twinned = True
        twice.parent, twice.parent_name = first.parent, first.parent_name
        self.made.append(twice)

    def _group(self, cn: bool) -> None:
        rng = self._rng
        places = rng.sample(range(len(PLACES)), 4)
        core, trade = self._core(), rng.choice(list(TRADES))
        west = f"{rng.choice(WEST)} {rng.choice(WORK)}"
        said = "".join(SOUNDS[sign] for sign in core).capitalize()
        if cn:
            parent, english = (
                f"{core}{rng.choice(['集团', '控股集团', '控股'])}有限公司",
                f"{said} Group Co., Ltd.",
            )
        else:
            parent, english = f"{west} Holding {rng.choice(LEGAL)}", ""
        told = rng.random() < 0.85
        if rng.random() < 0.6:
            head = self._add(cn, parent, core + "集团" if cn else f"{west} Holding", english)
            if head:
                head.twinned = True
        for place in places[: rng.randint(2, 4)]:
            town = PLACES[place]
            if cn:
                name = rng.choice(
                    [
                        f"{core}{trade}（{town}）有限公司",
                        f"{core}集团{town}{trade}有限公司",
                        f"{core}集团有限公司{town}分公司",
                    ]
                )
                short, english = core + town, f"{said} {TRADES[trade]} ({PINYIN[place]}) Co., Ltd."
            else:
                town = rng.choice(TOWNS)
                name, short, english = f"{west} {town} {rng.choice(LEGAL)}", f"{west} {town}", ""
            firm = self._add(cn, name, short, english)
            if firm:
                firm.parent, firm.parent_name, firm.twinned = parent, parent if told else "", True

    def _finish(self, one: Customer) -> None:
        rng = self._rng
        cn = one.tongue == "cn"
        if not cn:
            one.person = f"{rng.choice(FIRST)} {rng.choice(WEST)}"
            one.currency = rng.choices(
                ("EUR", "USD", "GBP"), (8, 2, 1) if self._dialect == "eu" else (4, 8, 1)
            )[0]
            one.accounts = [
                f"{rng.choice(('DE', 'FR', 'NL', 'IT', 'AT'))}{rng.randrange(10**20):020d}" for _ in "12"
            ]
        else:
            one.person = rng.choice(SURNAMES) + "".join(rng.sample(GIVEN, rng.randint(1, 2)))
            one.currency = "CNY" if rng.random() < 0.95 else "USD"
            one.accounts = [
                f"{rng.choice(('6222', '1100', '3200', '4403'))}{rng.randrange(10**15):015d}" for _ in "12"
            ]
        if rng.random() < 0.4:
            one.name_en = ""
        if rng.random() < 0.6:
            one.known_account = one.accounts[0]
        if rng.random() < 0.15:
            one.old = self._older(one, cn)
        known = [one.old] if one.old and rng.random() < 0.5 else []
        if rng.random() < 0.2 and not one.twinned:
            known.append(one.short)
        one.alias = ";".join(known)
        one.habit = rng.choices(("odd", "recurring", "round"), (70, 18, 12))[0]
        one.usual = rng.randint(20_000, 4_000_000)

    def _older(self, one: Customer, cn: bool) -> str:
        rng = self._rng
        while True:
            if cn:
                name = f"{rng.choice(PLACES)}{self._core()}{rng.choice(list(TRADES))}厂"
            else:
                name = f"{rng.choice(WEST)} {rng.choice(WEST)} {rng.choice(WORK)} Works"
            if name not in self._taken:
                self._taken.add(name)
                return name


def own_name(rng: Random, dialect: str) -> str:
    """Return the name of the firm whose ledger this is."""
    if dialect == "eu":
        return f"{rng.choice(WEST)}-Werke {rng.choice(TOWNS)} GmbH"
    return f"{rng.choice(PLACES)}中匠工业{rng.choice(FORMS)}"


def stranger(rng: Random, cn: bool) -> str:
    """Return the name of a firm that is no customer."""
    if cn:
        core = "".join(rng.sample("鹏翔麒麟凌云鹤鸣清泉梧桐翠屏墨轩", 3))
        return f"{rng.choice(PLACES)}{core}{rng.choice(('商贸', '物流', '实业', '餐饮管理', '广告'))}有限公司"
    sounds = ("Zan", "Quor", "Vex", "Tyl", "Mur", "Oba", "Kip", "Yle")
    work = rng.choice(("Catering", "Media", "Cleaning", "Realty"))
    return f"{''.join(rng.sample(sounds, 2)).capitalize()} {work} Ltd"


def slipped(rng: Random, name: str, cn: bool) -> str:
    """Return a name with one typing slip in it."""
    spots = [at for at, sign in enumerate(name[: 6 if cn else 12]) if sign.isalpha()]
    at = rng.choice(spots)
    if cn:
        roll = rng.random()
        if roll < 0.4:
            return name[:at] + name[at + 1 :]
        if roll < 0.6:
            return name[:at] + name[at] + name[at:]
        alike = [s for s in SOUNDS if SOUNDS[s] == SOUNDS.get(name[at]) and s != name[at]]
        return name[:at] + (rng.choice(alike) if alike else "興") + name[at + 1 :]
    roll = rng.random()
    if roll < 0.5:
        return name[:at] + name[at + 1 :]
    return name[:at] + name[at : at + 2][::-1] + name[at + 2 :]


def traditional(name: str) -> str:
    """Return a name as Hong Kong and Taiwan write it."""
    return "".join(OLDER.get(sign, sign) for sign in name)
