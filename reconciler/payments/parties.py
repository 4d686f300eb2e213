"""Who pays: customers by account, name, English name, alias and group, or named in the text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from itertools import accumulate, chain

from reconciler.payments.model import BankEntry, Customer, Receivable
from reconciler.payments.names import alike, core, cores, most_apart, placed, signs_of, whole, words_of
from reconciler.payments.texts import folded

_EMPTY: frozenset[str] = frozenset()
_BEGIN = 4
"""Names in a text are looked up by their first signs; shorter names are not looked for."""

_ACCOUNT = 5
"""An account of fewer signs is none, but a dash or a word for none."""

_WIDTH = {True: 3, False: 2}
"""How wide shreds of names are, Latin ones and others. A wrong sign spoils so many: one more is looked at."""

_LATIN = 7
"""Latin names shorter than this stand in too many other words."""


@dataclass(frozen=True, slots=True)
class Party:
    """Who may stand behind an entry, as customer numbers.

    `payers` pay by account or name, exactly; `fact` says by which. `named` are in the text. `relatives`
    belong to the group of one of these. `contradicted` if account and name belong to different groups.
    `alike` are those whose names are like the payer's, which is no customer's.
    """

    payers: frozenset[str] = _EMPTY
    fact: str = "party"
    named: frozenset[str] = _EMPTY
    relatives: frozenset[str] = _EMPTY
    contradicted: bool = False
    alike: frozenset[str] = _EMPTY

    @property
    def known(self) -> frozenset[str]:
        """Payers, and who is named in the text."""
        return self.payers | self.named

    @property
    def family(self) -> frozenset[str]:
        """All whom the entry may pay for."""
        return self.payers | self.named | self.relatives


class Directory:
    """All customers, to be found by what an entry says of its payer."""

    def __init__(self, customers: Iterable[Customer], receivables: Iterable[Receivable]) -> None:
        """Index the customers; a receivable whose customer is not listed stands for one of its own name."""
        self._by_account: dict[str, set[str]] = defaultdict(set)
        self._by_whole: dict[str, set[str]] = defaultdict(set)
        self._by_core: dict[str, set[str]] = defaultdict(set)
        self._begins: dict[str, set[str]] = defaultdict(set)
        self._cores: dict[str, dict[str, int]] = defaultdict(dict)
        self._group: dict[str, str] = {}
        self._members: dict[str, set[str]] = defaultdict(set)
        self._shreds: dict[str, set[str]] = defaultdict(set)
        self._found: dict[tuple[str, str], Party] = {}
        self._like: dict[str, frozenset[str]] = {}
        parents: dict[str, str] = {}
        for one in customers:
            for account in one.accounts:
                if len(plain_account(account)) >= _ACCOUNT:
                    self._by_account[plain_account(account)].add(one.id)
            for name in (one.name, one.name_en, *one.aliases):
                self._add(one.id, name)
            if one.parent_name:
                parents[one.id] = one.parent_name
        for customer, name in dict.fromkeys((item.customer, item.customer_name) for item in receivables):
            self._add(customer, name)
        self._join(parents)

    def _add(self, customer: str, name: str) -> None:
        if not whole(name) or customer in self._by_whole[whole(name)]:
            return
        self._by_whole[whole(name)].add(customer)
        for key in filter(None, {*cores(name), placed(name)}):
            self._by_core[key].add(customer)
            self._cores[customer][key] = signs_of(key)
            if len(key) >= (_LATIN if key.isascii() else _BEGIN):
                self._begins[key[:_BEGIN]].add(key)

    def _join(self, parents: dict[str, str]) -> None:
        """Put parents, all who name the same one, and the parents of parents, into one group."""
        above: dict[str, str] = {}
        headless: dict[str, str] = {}
        for customer, parent in parents.items():
            key = core(parent)
            heads = self._by_whole.get(whole(parent)) or self._by_core.get(key, set())
            head = f"#{next(iter(heads))}" if len(heads) == 1 else f"={key}"
            if len(heads) != 1:
                headless[key] = head
            top, mine = _top(above, head), _top(above, f"#{customer}")
            if top != mine:
                above[mine] = top
        for node in {*above, *above.values()}:
            group = _top(above, node)
            if node.startswith("#"):
                self._group[node[1:]] = group
                self._members[group].add(node[1:])
        for key, node in headless.items():
            self._by_core[key].update(self._members[_top(above, node)])

    def kin(self, customers: Iterable[str]) -> frozenset[str]:
        """Return all who are in a group with one of `customers`, themselves included."""
        found = set(customers)
        for customer in tuple(found):
            found |= self._members.get(self._group.get(customer, ""), set())
        return frozenset(found)

    def party(self, entry: BankEntry) -> Party:
        """Return who may stand behind an entry."""
        named = self.named_in(entry.text)
        key = entry.payer_name, entry.payer_account
        if key not in self._found:
            self._found[key] = self._payer(*key)
        payer = self._found[key]
        if not named:
            return payer
        relatives = self.kin(payer.payers | named) - payer.payers - named
        return Party(payer.payers, payer.fact, named, relatives, payer.contradicted)

    def _payer(self, name: str, account: str) -> Party:
        by_account = self._by_account.get(plain_account(account), set()) if account else set()
        by_name = self._by_whole.get(whole(name)) or self._by_core.get(core(name), set()) if name else set()
        both = by_account & by_name
        if by_account and by_name and not both and not self.kin(by_account) & self.kin(by_name):
            everyone = frozenset(by_account | by_name)
            return Party(everyone, "party", _EMPTY, self.kin(everyone) - everyone, contradicted=True)
        payers = frozenset(both or by_name or by_account)
        fact = "party" if by_name else "account"
        if name and not payers and name not in self._like:
            self._like[name] = self.lookalikes(name)
        alike = self._like[name] if name and not payers else _EMPTY
        return Party(payers, fact, _EMPTY, self.kin(payers) - payers, alike=alike)

    def named_in(self, text: str) -> frozenset[str]:
        """Return the customers whose names stand in `text`; of names within names the longest counts."""
        if len(text) < _BEGIN:
            return _EMPTY
        words = words_of(text)
        plain, begins = "".join(words), self._begins
        begin = [at for at in range(len(plain) - _BEGIN + 1) if plain[at : at + _BEGIN] in begins]
        if not begin:
            return _EMPTY
        parted = {0, *accumulate(len(word) for word in words)}
        found: set[str] = set()
        upto = 0
        for at in begin:
            if at < upto:
                continue
            stands = (
                key
                for key in begins[plain[at : at + _BEGIN]]
                if plain.startswith(key, at)
                and (not key.isascii() or {at, at + len(key)} <= parted)  # a Latin name is whole words
            )
            here = max(stands, key=len, default="")
            if here:
                found |= self._by_core[here]
                upto = at + len(here)
        return frozenset(found)

    def is_alike(self, customer: str, name: str) -> bool:
        """Tell whether a payer's name may be the customer's, misspelled or abbreviated."""
        return any(alike(key, own) for key in cores(name) for own in self._cores.get(customer, ()))

    def lookalikes(self, name: str) -> frozenset[str]:
        """Return the customers whose names are like `name`, for people to choose from."""
        if not self._shreds:
            for own, customers in self._by_core.items():
                for shred in _shreds_of(own):
                    self._shreds[shred] |= customers
        near: set[str] = set()
        for key in cores(name):
            shreds = sorted(_shreds_of(key) & self._shreds.keys())
            rare = sorted((self._shreds[one] for one in shreds), key=len)
            near.update(*rare[: _WIDTH[key.isascii()] + 1])
        return frozenset(chain.from_iterable(self._like_of(key, near) for key in cores(name)))

    def _like_of(self, key: str, near: Iterable[str]) -> Iterator[str]:
        """Yield who has a core like `key`.

        Most cores differ in so many signs that `alike` need not look (measured: half of the time of it all).
        """
        mine, most = signs_of(key), most_apart(key)
        for customer in near:
            for own, signs in self._cores[customer].items():
                if (mine ^ signs).bit_count() > most and mine & signs not in (mine, signs):
                    continue
                if alike(key, own):
                    yield customer
                    break


def _top(above: dict[str, str], node: str) -> str:
    """Return the top of what is above a node; what is between is left out the next time."""
    top = node
    while top in above:
        top = above[top]
    while node != top:
        above[node], node = top, above[node]
    return top


def plain_account(account: str) -> str:
    """Return an account number without blanks and signs."""
    plain = folded(account)
    return plain if plain.isalnum() else "".join(sign for sign in plain if sign.isalnum())


def _shreds_of(key: str) -> Set[str]:
    """Return the pairs of a name's signs, or threes of letters: few names share the rarest of them."""
    width = _WIDTH[key.isascii()]
    return {key[at : at + width] for at in range(len(key) - width + 1)}
