"""Scenarios that pay nothing open: returns, reversals, doubles, strangers, banks, platforms, own money."""

from __future__ import annotations

from benchmarks.payments import firms
from benchmarks.payments.model import share
from benchmarks.payments.play import Play, nothing, plays, single


@plays(2.5)
def returned_and_paid_again(p: Play) -> None:
    """The first comes back from the bank, the second pays."""
    cited, account, day = p.rng.random() < 0.7, p.customer.accounts[0], p.later()
    text = p.say(p.number() if cited else "", noise=0)
    first = p.pay(p.one.cents, text, day=day, account=account, kind="returned")
    back = p.rng.choice(
        ("退汇", "退汇-户名不符", "汇款退回", "退票")
        if p.cn
        else ("RETURN AC04", "returned payment", "Rückgabe", "RTRN")
    )
    p.pay(-p.one.cents, f"{back} {text}".strip(), day=day + p.rng.randint(0, 4), account=account,
          kind="returned", tie=first.tie + 0.001)  # fmt: skip
    p.full(text, cited=cited, day=day + p.rng.randint(6, 12), account=account)


@plays(1)
def returned_for_good(p: Play) -> None:
    """Paid, came back, never paid again."""
    account, day = p.customer.accounts[0], p.later()
    text = p.say(p.number(), noise=0)
    p.pay(p.one.cents, text, day=day, account=account, kind="returned")
    p.pay(
        -p.one.cents,
        "退汇" if p.cn else "returned payment",
        day=day + p.rng.randint(1, 5),
        account=account,
        kind="returned",
    )


@plays(1.5)
def reversed_by_the_bank(p: Play) -> None:
    """The bank books twice and takes one back on the day."""
    account, day = p.customer.accounts[0], p.later()
    text = p.say(p.number(), noise=0)
    first = p.pay(p.one.cents, text, day=day, account=account, kind="returned")
    word = p.rng.choice(("冲正", "冲账", "抹账")) if p.cn else "reversal"
    p.pay(-p.one.cents, f"{word} {text}", day=day, account=account,
          kind="returned", tie=first.tie + 0.001)  # fmt: skip
    p.full(text, cited=True, day=day + p.rng.randint(1, 3), account=account)


@plays(3)
def paid_twice(p: Play) -> None:
    """The same invoice is paid again days later."""
    cited = p.rng.random() < 0.7
    text, day = p.say(p.number() if cited else "", noise=0), p.later()
    p.full(text, cited=cited, day=day)
    p.pay(p.one.cents, text, day=day + p.rng.randint(1, 20), kind="duplicate")


@plays(1.5)
def cites_what_is_settled(p: Play) -> None:
    """A later payment of another sum names an invoice that is long paid."""
    day = p.later()
    p.full(p.say(p.number(), noise=0), cited=True, day=day)
    p.pay(
        share(p.one.cents, p.rng.randint(1500, 9000)),
        p.say(p.number(), noise=0),
        day=day + p.rng.randint(10, 40),
        kind="on_account",
    )


@plays(2, nothing)
def prepayment(p: Play) -> None:
    """Money before there is an invoice."""
    number = f"SO{p.rng.randrange(10**9):09d}" if p.rng.random() < 0.5 else ""
    word = p.rng.choice(
        ("预付款", "定金", "预付货款") if p.cn else ("prepayment", "advance payment", "Anzahlung", "deposit")
    )
    p.pay(
        p.rng.choice((p.amount(), p.rng.randint(1, 50) * 100_000)),
        f"{word} {number}".strip(),
        day=p.start + p.rng.randint(0, 30),
        kind="on_account",
    )


@plays(1.5, single)
def stranger_with_the_same_sum(p: Play) -> None:
    """A firm that is no customer happens to pay what is open."""
    day = p.later(5, 20)
    text = p.rng.choice(
        ("投标保证金", "房租", "废料款", "往来款", "押金")
        if p.cn
        else ("rent", "deposit bid 77", "scrap", "payment")
    )
    p.pay(p.one.cents, text, payer=firms.stranger(p.rng, p.cn), account="", day=day)
    p.full(p.say(p.number(), noise=0), cited=True, day=day + p.rng.randint(5, 20))


BANK_AND_STATE = {
    "cn": (
        ("结息", "中国工商银行"),
        ("退税款", "国家税务总局"),
        ("工资退回", "陈芳"),
        ("贷款发放", "招商银行股份有限公司"),
        ("利息收入", ""),
        ("稳岗补贴", "社会保险基金管理中心"),
        ("理财赎回", "招银理财有限责任公司"),
    ),
    "en": (
        ("interest Q1", "Commerzbank AG"),
        ("VAT refund", "Finanzamt"),
        ("loan drawdown", "KfW"),
        ("salary return", "J. Meier"),
        ("insurance claim", "Allianz SE"),
    ),
}


@plays(2, nothing)
def bank_interest_tax_salary(p: Play) -> None:
    rng = p.rng
    text, payer = rng.choice(BANK_AND_STATE["cn" if p.cn else "en"])
    p.pay(
        p.amount() // rng.choice((1, 10, 100)),
        text,
        payer=payer,
        account="",
        day=p.start + rng.randint(0, 60),
    )


@plays(1.5, single)
def own_money_moved(p: Play) -> None:
    """A transfer between our own accounts, sometimes of a sum that is open."""
    world, rng = p.world, p.rng
    cents, day = rng.choice((p.one.cents, rng.randint(1, 90) * 1_000_000)), p.later(5, 30)
    text = rng.choice(
        ("内部转账", "资金调拨", "往来款", "") if p.cn else ("internal transfer", "cash pooling", "own funds")
    )
    p.pay(
        cents,
        text,
        payer=world.own_name,
        account=rng.choice(world.own_accounts),
        day=day,
        kind="own_transfer",
    )
    p.full(p.say(p.number(), noise=0), cited=True, day=day + rng.randint(3, 20))


@plays(1.5, nothing)
def platform_settlement(p: Play) -> None:
    rng = p.rng
    payer = rng.choice(
        ("支付宝（中国）网络技术有限公司", "财付通支付科技有限公司", "银联商务股份有限公司")
        if p.cn
        else ("PayPal Europe", "Stripe Payments Europe", "Adyen N.V.")
    )
    text = f"{'商户结算' if p.cn else 'payout'} {rng.randrange(10**8):08d}"
    p.pay(int(10 ** rng.uniform(4, 7)), text, payer=payer, account="", day=p.start + rng.randint(0, 60))


@plays(1, nothing)
def supplier_gives_back(p: Play) -> None:
    """A refund of what we bought; the supplier is sometimes a customer as well."""
    payer = p.customer.name if p.rng.random() < 0.4 else firms.stranger(p.rng, p.cn)
    text = p.rng.choice(
        ("采购退款", "退货退款", "退还多付款")
        if p.cn
        else ("refund of purchase", "credit for returned material", "refund overpaid")
    )
    p.pay(p.amount(), text, payer=payer, day=p.start + p.rng.randint(0, 60))


@plays(1, single)
def stranger_on_the_very_day(p: Play) -> None:
    """The customer pays by number, and a stranger the same sum on the same day."""
    day = p.later(10, 40)
    p.pay(p.one.cents, p.say(noise=0), payer=firms.stranger(p.rng, p.cn), account="", day=day)
    p.full(p.say(p.number(), noise=0), cited=True, day=day)


@plays(1, single)
def we_pay_back(p: Play) -> None:
    """The customer pays too much later on, and what is too much goes back to it."""
    day, more = p.later(), share(p.one.cents, p.rng.randint(500, 4000))
    p.pay(
        p.one.cents + more,
        p.say(p.number(), noise=0),
        day=day,
        links=[(p.one.place, p.one.cents)],
        cites=(p.one.place,),
    )
    p.pay(-more, "退还多付款" if p.cn else "refund of overpayment", day=day + p.rng.randint(3, 15))


@plays(2, single)
def outgoing(p: Play) -> None:
    """We pay a supplier, now and then the very sum that a customer owes."""
    day = p.later(5, 25)
    payer = p.customer.name if p.rng.random() < 0.3 else firms.stranger(p.rng, p.cn)
    text = p.rng.choice(
        ("采购款", "付材料款", "运费", "服务费") if p.cn else ("supplier invoice", "freight", "services")
    )
    p.pay(-p.one.cents, text, payer=payer, account="", day=day)
    p.full(p.say(p.number(), noise=0), cited=True, day=day + p.rng.randint(5, 20))
