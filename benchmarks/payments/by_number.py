"""Scenarios that name what they pay: clean, damaged, shortened, ranged, or by order and contract."""

from __future__ import annotations

from benchmarks.payments import marks
from benchmarks.payments.model import money
from benchmarks.payments.play import Play, plays, several


@plays(14)
def number_plain(p: Play) -> None:
    p.full(p.say(p.number()), cited=True)


@plays(3)
def number_full_width(p: Play) -> None:
    p.full(p.say(marks.wide(p.number())), cited=True)


@plays(4)
def number_with_slips(p: Play) -> None:
    p.full(p.say(marks.slips(p.rng, p.number())), cited=True)


@plays(2)
def number_without_signs(p: Play) -> None:
    p.full(p.say(marks.bare(p.number()).lower()), cited=True)


@plays(2)
def number_with_blanks(p: Play) -> None:
    p.full(p.say(marks.spaced(p.number()), noise=0), cited=True)


@plays(2, fits=lambda c: c.tongue == "en")
def number_in_reference(p: Play) -> None:
    p.full(
        p.rng.choice(("{0}", "EREF+NOTPROVIDED SVWZ+{0}", "/ROC/{0}")).format(marks.reference(p.number())),
        cited=True,
    )


@plays(2)
def number_but_no_payer(p: Play) -> None:
    p.full(p.say(p.number()), cited=True, payer="", account="")


@plays(2)
def number_and_name_in_text(p: Play) -> None:
    text = f"{p.customer.name} {p.say(p.number(), noise=0)}"
    p.full(text, cited=True, payer="", account="", hint=p.customer.place,
           manner="told")  # fmt: skip


@plays(4)
def number_among_others(p: Play) -> None:
    money = f"{p.one.cents // 100}"
    extra = (p.serial(), p.serial(), money)
    parts = [p.say(p.number(), noise=0), *p.rng.sample(extra, 2)]
    p.rng.shuffle(parts)
    p.full(" ".join(parts), cited=True)


@plays(5, several(2, 5))
def list_plain(p: Play) -> None:
    sign = p.rng.choice((",", "、", "/ ", " ", ";", " + ", "，"))
    p.full(p.say(sign.join(p.number(one) for one in p.items), noise=0.05), cited=True)


@plays(4, several(2, 5))
def list_shortened(p: Play) -> None:
    numbers = sorted(p.number(one) for one in p.items)
    p.full(p.say(marks.shortened(numbers, p.rng.choice((",", "、", "/", "，"))), noise=0), cited=True)


@plays(3, several(3, 6))
def range_of_numbers(p: Play) -> None:
    first, last = p.number(p.items[0]), p.number(p.items[-1])
    tail = last[-4:] if p.rng.random() < 0.5 and first[:-4] == last[:-4] else last
    sign = p.rng.choice(("至", "到", "~", "—") if p.cn else ("-", " to ", " - ", " bis ", ".."))
    p.full(p.say(f"{first}{sign}{tail}", noise=0), cited=True)


@plays(4)
def order_number(p: Play) -> None:
    word = p.rng.choice(
        ("订单", "订单号:", "采购单", "") if p.cn else ("order ", "PO ", "Auftrag ", "our order ")
    )
    p.full(p.say(f"{word}{p.one.order_no}", noise=0.05), cited=True)


def _deliveries(p: Play) -> None:
    p.batch(p.rng.randint(2, 3), apart=p.rng.randint(2, 9), order=p.world.orders)


@plays(3, _deliveries)
def order_of_several_deliveries(p: Play) -> None:
    """Pay one order whole, or one delivery of it: the number alone does not say which."""
    if p.rng.random() < 0.5:
        p.full(p.say(p.one.order_no, noise=0), cited=True)
    else:
        for one in p.items:
            p.full(
                p.say(one.order_no, noise=0), cited=True, items=[one], day=one.issued + p.rng.randint(15, 50)
            )


def _contract(p: Play) -> None:
    p.batch(p.rng.randint(1, 3), apart=15, contract=p.world.contracts)
    p.world.contracts += 1


@plays(3, _contract)
def contract_number(p: Play) -> None:
    number = p.one.contract_no
    word = "合同" if p.cn else "contract "
    for one in p.items:
        text = p.say(f"{word}{number}" if number else p.number(one), noise=0)
        p.full(text, cited=True, items=[one], day=one.issued + p.rng.randint(15, 50))


@plays(1.5, several(2, 4))
def list_with_amounts(p: Play) -> None:
    text = p.rng.choice((", ", "; ", "，")).join(f"{p.number(one)} {money(one.cents)}" for one in p.items)
    p.full(text, cited=True)


@plays(1.5, several(3, 4))
def list_with_a_settled_one(p: Play) -> None:
    """The list names an invoice that was paid before; the sum is of the others."""
    day = p.later(10, 20)
    p.full(p.say(p.number(), noise=0), cited=True, items=p.items[:1], day=day)
    text = p.say(",".join(p.number(one) for one in p.items), noise=0)
    p.full(text, cited=True, items=p.items[1:], day=day + p.rng.randint(5, 20))


@plays(1, several(2, 3))
def list_paid_in_part(p: Play) -> None:
    """All are named, less than all is paid, and what of which nobody says."""
    lost = p.items[-1].cents // 3
    links = [(one.place, one.cents) for one in p.items[:-1]] + [(p.items[-1].place, p.items[-1].cents - lost)]
    text = p.say(",".join(p.number(one) for one in p.items), noise=0)
    p.pay(sum(cents for _, cents in links), text, links=links, cites=tuple(place for place, _ in links))


@plays(2)
def number_of_another_customer(p: Play) -> None:
    """The payer mistyped: the number is a document of somebody else, the sum is its own."""
    other = p.rng.choice(p.world.receivables)
    if other.customer == p.customer.place:
        return
    p.full(p.say(other.invoice_no, noise=0))


@plays(2, several(2, 2))
def number_of_another_own_item(p: Play) -> None:
    """The number is of one open item, the sum of another.

    Items of one sum are left out: cited, of the payer, to the cent – nobody could tell that it was a slip.
    """
    first, second = p.items
    if first.cents == second.cents:
        p.full(p.say(p.number(first), noise=0), items=[first], cited=True)
        p.full(p.say(p.number(second), noise=0), items=[second], cited=True, day=p.later(70, 90))
        return
    p.full(p.say(p.number(second), noise=0), items=[first])
    p.full(p.say(p.number(second), noise=0), items=[second], cited=True, day=p.later(70, 90))


@plays(1.5)
def number_that_is_none(p: Play) -> None:
    """One digit is wrong and no such document is known."""
    number = p.number()
    at = p.rng.choice([spot for spot, sign in enumerate(number) if sign.isdigit()])
    p.full(p.say(number[:at] + str((int(number[at]) + p.rng.randint(1, 9)) % 10) + number[at + 1 :], noise=0))


@plays(1.5, several(2, 4))
def list_and_one_missing(p: Play) -> None:
    """The text names all but one; the sum is of all."""
    p.full(p.say(",".join(p.number(one) for one in p.items[:-1]), noise=0))
