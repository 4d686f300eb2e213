"""Scenarios that say who pays but not what for, and those where another pays."""

from __future__ import annotations

from benchmarks.payments import firms
from benchmarks.payments.model import Customer
from benchmarks.payments.play import Play, plays, several


@plays(9)
def party_and_sum(p: Play) -> None:
    p.full(p.say())


@plays(4, fits=lambda c: bool(c.known_account))
def account_and_sum(p: Play) -> None:
    """The name is missing or unreadable, the account is known."""
    payer = p.rng.choice(("", "", p.customer.name[:3], "N/A"))
    p.full(p.say(), payer=payer, account=p.customer.known_account)


@plays(3, fits=lambda c: bool(c.name_en))
def english_name(p: Play) -> None:
    name = p.customer.name_en
    p.full(p.say(), payer=p.rng.choice((name, name.upper(), name.replace(".", "").upper())), account="")


@plays(3)
def short_name(p: Play) -> None:
    cited = p.rng.random() < 0.4
    p.full(p.say(p.number() if cited else "", noise=0), cited=cited, payer=p.customer.short, account="",
           hint=p.customer.place, manner="short")  # fmt: skip


@plays(2, fits=lambda c: bool(c.old))
def old_name(p: Play) -> None:
    cited = p.rng.random() < 0.4
    p.full(p.say(p.number() if cited else "", noise=0), cited=cited, payer=p.customer.old, account="")


@plays(4)
def slip_in_name(p: Play) -> None:
    cited = p.rng.random() < 0.4
    name = firms.slipped(p.rng, p.customer.name, p.customer.tongue == "cn")
    p.full(p.say(p.number() if cited else "", noise=0), cited=cited, payer=name, account="",
           hint=p.customer.place, manner="slip")  # fmt: skip


@plays(2, fits=lambda c: c.tongue == "cn")
def traditional_name(p: Play) -> None:
    name = firms.traditional(p.customer.name)
    p.full(p.say(), payer=name, account="", hint=p.customer.place, manner="traditional")


@plays(2, fits=lambda c: c.tongue == "cn" and ("（" in c.name))
def other_brackets(p: Play) -> None:
    name = p.customer.name.replace("（", p.rng.choice(("(", " (", ""))).replace(
        "）", p.rng.choice((")", ") ", ""))
    )
    p.full(p.say(), payer=name)


@plays(2)
def name_in_text(p: Play) -> None:
    words = "代 {0} 付款" if p.cn else "on behalf of {0}"
    form = p.rng.choice(("{0} ", words, "{0}/" + ("货款" if p.cn else "inv")))
    p.full(form.format(p.customer.name), payer="", account="", hint=p.customer.place, manner="told")


def _owned(c: Customer) -> bool:
    return bool(c.parent)


@plays(3, fits=_owned)
def parent_with_number(p: Play) -> None:
    p.full(p.say(p.number(), noise=0), cited=True, payer=p.customer.parent, account="")


@plays(3, fits=_owned)
def parent_without_number(p: Play) -> None:
    p.full(p.say(), payer=p.customer.parent, account="")


@plays(2)
def person_with_number(p: Play) -> None:
    p.full(
        p.say(p.number(), noise=0),
        cited=True,
        payer=p.customer.person,
        account=f"6217{p.rng.randrange(10**15):015d}",
    )


@plays(1.5)
def person_without_number(p: Play) -> None:
    p.full(p.say(), payer=p.customer.person, account=f"6217{p.rng.randrange(10**15):015d}")


@plays(1)
def person_names_the_firm(p: Play) -> None:
    text = f"{'代' if p.cn else 'for '}{p.customer.name}"
    p.full(text, payer=p.customer.person, account="", hint=p.customer.place,
           manner="told")  # fmt: skip


@plays(1.5)
def unknown_payer_no_number(p: Play) -> None:
    """A firm nobody knows pays for the customer: only the sum speaks."""
    p.full(p.say(), payer=firms.stranger(p.rng, p.cn), account="")


@plays(1.5)
def no_party_at_all(p: Play) -> None:
    p.full(p.say(), payer="", account="")


@plays(2, fits=lambda c: c.twinned)
def twin_in_name_with_number(p: Play) -> None:
    """The name carries a slip that is maybe the twin's name."""
    name = firms.slipped(p.rng, p.customer.name, p.customer.tongue == "cn")
    p.full(p.say(p.number(), noise=0), cited=True, payer=name, account="")


@plays(1.5)
def paid_through_another(p: Play) -> None:
    """A payment service is the payer; the text names the customer and maybe the number."""
    cited = p.rng.random() < 0.6
    payer = p.rng.choice(
        ("连连银通电子支付有限公司", "PingPong Payments")
        if p.cn
        else ("Wise Europe SA", "Western Union BS", "Airwallex")
    )
    p.full(f"{p.customer.name} {p.number() if cited else ''}".strip(), cited=cited, payer=payer, account="",
           hint=p.customer.place, manner="told")  # fmt: skip


def _for_a_sister(p: Play) -> None:
    sisters = [
        one
        for one in p.world.customers
        if one.parent == p.customer.parent and one.currency == p.customer.currency
    ]
    p.new()
    p.new(customer=p.rng.choice(sisters).place)


@plays(1.5, _for_a_sister, fits=_owned)
def parent_for_two_firms(p: Play) -> None:
    """The parent pays for two of its firms at once, by number or without."""
    cited = p.rng.random() < 0.6
    numbers = p.rng.choice((",", " ", "、")).join(p.number(one) for one in p.items)
    p.full(p.say(numbers if cited else "", noise=0), cited=cited, payer=p.customer.parent, account="")


def _same_for_others(p: Play) -> None:
    same = p.rng.choice((100_000, 500_000, 1_000_000, 2_000_000, 990_000, 1_234_500))
    p.new(same)


@plays(3, _same_for_others)
def sum_that_many_owe(p: Play) -> None:
    """Several customers owe this sum; the payer is named, or nothing is."""
    told = p.rng.random() < 0.6
    p.full(p.say(noise=0), payer=p.customer.name if told else "", account="")


@plays(1.5)
def stranger_with_number(p: Play) -> None:
    """A firm nobody knows pays for the customer and names the invoice."""
    p.full(p.say(p.number(), noise=0), cited=True, payer=firms.stranger(p.rng, p.cn), account="")


@plays(1)
def stranger_with_another_sum(p: Play) -> None:
    """A stranger's own reference looks like an open invoice; the sum is another."""
    day = p.later(5, 20)
    p.pay(
        p.one.cents + 100 * p.rng.randint(3, 900),
        p.number(),
        payer=firms.stranger(p.rng, p.cn),
        account="",
        day=day,
    )
    p.full(p.say(p.number(), noise=0), cited=True, day=day + p.rng.randint(3, 20))


@plays(1.5, fits=_owned)
def name_and_account_differ(p: Play) -> None:
    """The name is one firm of a group, the account is known as a sister's."""
    sisters = [one for one in p.world.customers if one.parent == p.customer.parent and one.known_account]
    account = p.rng.choice(sisters).known_account if sisters else ""
    cited = p.rng.random() < 0.6
    p.full(p.say(p.number() if cited else "", noise=0), cited=cited, account=account)


def _twins_owe(p: Play) -> None:
    near = (p.customer.place - 1, p.customer.place + 1)
    others = [
        c for c in (p.world.customers[at] for at in near if 0 <= at < len(p.world.customers)) if c.twinned
    ]
    p.new()
    if others:
        other = p.rng.choice(others)
        p.new(p.one.cents, customer=other.place, currency=p.customer.currency)


@plays(2, _twins_owe, fits=lambda c: c.twinned)
def twins_owe_the_same(p: Play) -> None:
    """Two firms with names much alike owe one sum; each pays by its own name, or with a slip in it."""
    day = p.later(10, 30)
    for one in p.items:
        who = p.world.customers[one.customer]
        slip = p.rng.random() < 0.3
        name = firms.slipped(p.rng, who.name, who.tongue == "cn") if slip else who.name
        p.full(p.say(noise=0), items=[one], payer=name, account="", day=day, hint=who.place if slip else -1,
               manner="slip" if slip else "")  # fmt: skip
        day += p.rng.randint(0, 9)


@plays(1.5, several(2, 4, apart=30))
def month_is_named(p: Play) -> None:
    """Equal monthly sums; the text names the month of the invoice."""
    from datetime import date

    for one in p.items:
        one.cents = p.one.cents
    for one in p.items:
        month = date.fromordinal(one.issued).month
        text = f"{month}月货款" if p.cn else f"invoice {date.fromordinal(one.issued):%B %Y}"
        p.full(text, items=[one], day=one.issued + p.rng.randint(20, 70), month=month)
