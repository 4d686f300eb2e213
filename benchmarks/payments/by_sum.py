"""Scenarios about sums: deductions, parts, several at once, credit notes, too much, other currencies."""

from __future__ import annotations

from benchmarks.payments.model import money, share
from benchmarks.payments.play import Play, plays, several


@plays(4, fits=lambda c: c.currency != "CNY")
def bank_fee_deducted(p: Play) -> None:
    fee = p.rng.choice((500, 800, 1000, 1500, 2000, 2500, 3000, 5000, p.rng.randint(500, 5000)))
    cash = max(p.one.cents - fee, 1)
    cited = p.rng.random() < 0.75
    text = p.say(p.number() if cited else "", noise=0)
    p.pay(
        cash, text, links=[(p.one.place, cash)], closes=(p.one.place,), cites=(p.one.place,) if cited else ()
    )


def _discounted(p: Play) -> None:
    p.new(discount=p.rng.choice((100, 200, 300)), until=p.start + p.rng.choice((8, 10, 14)))


@plays(4, _discounted)
def discount_in_time(p: Play) -> None:
    one, cited = p.one, p.rng.random() < 0.6
    cash = one.cents - share(one.cents, one.discount)
    day = one.issued + p.rng.randint(2, one.until - one.issued)
    text = p.say(p.number() if cited else "", noise=0)
    p.pay(
        cash,
        text,
        day=day,
        links=[(one.place, cash)],
        closes=(one.place,),
        cites=(one.place,) if cited else (),
    )


@plays(1.5, _discounted)
def discount_too_late(p: Play) -> None:
    """The deduction is not granted any more: the item stays open by it."""
    cash = p.one.cents - share(p.one.cents, p.one.discount)
    day = p.one.until + p.rng.randint(5, 30)
    p.pay(cash, p.say(p.number(), noise=0), day=day, links=[(p.one.place, cash)], cites=(p.one.place,))


@plays(2)
def short_by_some_goods(p: Play) -> None:
    lost = share(p.one.cents, p.rng.randint(200, 2500))
    cash = p.one.cents - lost
    word = p.rng.choice(
        (f"扣短少{money(lost)}", "到货短缺已扣", "") if p.cn else (f"short {money(lost)}", "damages", "")
    )
    p.pay(
        cash,
        f"{p.say(p.number(), noise=0)} {word}".strip(),
        links=[(p.one.place, cash)],
        cites=(p.one.place,),
    )


@plays(3)
def instalments_with_number(p: Play) -> None:
    """Two or three parts, each naming the invoice."""
    cents = p.one.cents
    parts = p.rng.choice(
        (
            [share(cents, 3000)],
            [share(cents, 1, 3)] * 2,
            [share(cents, 1, 2)],
            [share(cents, 6000), share(cents, 3000)],
        )
    )
    parts = [*parts, cents - sum(parts)]
    day = p.later(5, 20)
    for at, part in enumerate(parts):
        named = f"第{at + 1}期" if p.cn else f"part {at + 1} of {len(parts)}"
        text = f"{p.say(p.number(), noise=0)} {named}"
        p.pay(part, text, day=day, links=[(p.one.place, part)], cites=(p.one.place,))
        day += p.rng.randint(15, 30)


@plays(2)
def instalments_without_number(p: Play) -> None:
    first = share(p.one.cents, 3000)
    day = p.later(5, 20)
    word = "首付款30%" if p.cn else "30 % down payment"
    p.pay(first, word, day=day, links=[(p.one.place, first)])
    rest = p.one.cents - first
    p.pay(rest, "尾款" if p.cn else "balance", day=day + p.rng.randint(20, 40), links=[(p.one.place, rest)])


@plays(5, several(2, 4, apart=3))
def several_without_number(p: Play) -> None:
    p.full(p.say())


@plays(2, several(3, 7, apart=4))
def statement_of_the_month(p: Play) -> None:
    p.full(
        "对账单结算" if p.cn else p.rng.choice(("as per statement", "monthly statement")), day=p.later(20, 40)
    )


def _two_ways(p: Play) -> None:
    p.batch(4, apart=1)
    a, b, c, d = p.items
    d.cents = max(a.cents + b.cents - c.cents, 5_000)


@plays(1.5, _two_ways)
def sum_in_two_ways(p: Play) -> None:
    """Two pairs have one sum; which of them is paid nobody can tell."""
    p.full(p.say(), items=p.items[:2], day=p.later(10, 20))
    p.full(
        p.say(",".join(p.number(one) for one in p.items[2:]), noise=0),
        items=p.items[2:],
        cited=True,
        day=p.later(40, 50),
    )


def _with_credit(p: Play) -> None:
    first = p.new()
    p.new(-share(first.cents, p.rng.randint(300, 3000)), after=p.rng.randint(1, 9))


@plays(3, _with_credit)
def credit_note_named(p: Play) -> None:
    sign = p.rng.choice((" 扣 ", " 减 ", "-", " 抵 ") if p.cn else (" less ", " minus CN ", " - ", " ./. "))
    p.full(p.say(sign.join(p.number(one) for one in p.items), noise=0), cited=True)


@plays(3, _with_credit)
def credit_note_not_named(p: Play) -> None:
    """The text names the invoice only, or nothing."""
    p.full(p.say(p.number() if p.rng.random() < 0.5 else "", noise=0))


@plays(1.5)
def off_by_a_rounding(p: Play) -> None:
    """A few cents are missing."""
    cash = p.one.cents - p.rng.randint(1, 9)
    p.pay(
        cash,
        p.say(p.number(), noise=0),
        links=[(p.one.place, cash)],
        closes=(p.one.place,),
        cites=(p.one.place,),
    )


@plays(1)
def some_is_kept_back(p: Play) -> None:
    """Five or ten per cent stay with the customer until the guarantee ends, then come by themselves."""
    kept = share(p.one.cents, p.rng.choice((500, 1000)))
    day = p.later()
    text = f"{p.say(p.number(), noise=0)} {'留质保金' if p.cn else 'less retention'}"
    p.pay(p.one.cents - kept, text, day=day,
          links=[(p.one.place, p.one.cents - kept)], cites=(p.one.place,))  # fmt: skip
    text = f"{'质保金' if p.cn else 'retention'} {p.number()}"
    p.pay(kept, text, day=day + p.rng.randint(40, 80), links=[(p.one.place, kept)], cites=(p.one.place,))


def _discounted_batch(p: Play) -> None:
    p.batch(p.rng.randint(2, 3), discount=200, until=p.start + 14)


@plays(1.5, _discounted_batch)
def list_less_discount(p: Play) -> None:
    links = [(one.place, one.cents - share(one.cents, one.discount)) for one in p.items]
    places = tuple(place for place, _ in links)
    text = p.say(p.rng.choice((",", " ", "、")).join(p.number(one) for one in p.items), noise=0)
    p.pay(
        sum(cash for _, cash in links),
        text,
        day=p.one.issued + p.rng.randint(2, 14),
        links=links,
        closes=places,
        cites=places,
    )


@plays(2)
def too_much(p: Play) -> None:
    more = p.rng.choice((100, 5_000, 100_000, share(p.one.cents, 1000)))
    p.pay(
        p.one.cents + more,
        p.say(p.number(), noise=0),
        links=[(p.one.place, p.one.cents)],
        cites=(p.one.place,),
    )


RATES = {"USD": 71_234, "EUR": 77_810, "GBP": 90_120}


def _traded(cents: int, rate: int, into: bool) -> int:
    """Change cents at a rate in ten-thousandths, into the bank's currency or out of it."""
    return share(cents, rate) if into else share(cents, 10_000, rate)


@plays(3)
def other_currency(p: Play) -> None:
    """Paid in another currency than billed, with the rate in the text or without."""
    one = p.one
    base = "EUR" if p.world.dialect == "eu" else "CNY"
    rates = RATES if base == "CNY" else {"USD": 9_155, "GBP": 11_580, "CNY": 1_285}
    into = one.currency != base
    other = base if into else p.rng.choice(list(rates))
    rate = rates[one.currency if into else other] + p.rng.randint(-150, 150)
    cash = _traded(one.cents, rate, into)
    told, cited = p.rng.random() < 0.5, p.rng.random() < 0.7
    text = p.say(p.number() if cited else "", noise=0)
    if told:
        stated = f"{rate // 10_000}.{rate % 10_000:04d}"
        text += (
            f" {one.currency} {money(one.cents)}@{stated}"
            if p.rng.random() < 0.5
            else f" {'汇率' if p.cn else 'rate '}{stated}"
        )
    p.pay(cash, text, currency=other, links=[(one.place, cash)], closes=(one.place,),
          cites=(one.place,) if cited else (), asked=(one.currency, one.cents) if told else None)  # fmt: skip


@plays(1.5, several(2, 2))
def same_figure_two_currencies(p: Play) -> None:
    first, second = p.items
    second.cents = first.cents
    second.currency = "EUR" if first.currency != "EUR" else "USD"
    for one in p.rng.sample(p.items, 2):
        p.full(p.say(), items=[one], currency=one.currency, day=p.later(12, 40))


@plays(1, several(2, 2))
def two_alike_on_one_day(p: Play) -> None:
    """Two invoices of one sum, two payments of one day: both are right, whichever is which."""
    first, second = p.items
    second.cents = first.cents
    cited, day = p.rng.random() < 0.5, p.later()
    mark = f"{p.scenario}{first.place}"
    for one in p.items:
        p.full(
            p.say(p.number(one) if cited else "", noise=0), items=[one], day=day, cited=cited, together=mark
        )


@plays(2, several(2, 4, apart=30))
def equal_every_month(p: Play) -> None:
    """Equal sums each month, mostly the oldest first, no word of which."""
    for one in p.items:
        one.cents = p.one.cents
    for one in p.items:
        p.full(p.say(), items=[one], day=one.issued + p.rng.randint(25, 60))


def _left_open(p: Play) -> None:
    p.batch(p.rng.randint(1, 3), apart=20)


@plays(5, _left_open)
def never_paid(_: Play) -> None:
    """Stay open and compete."""
