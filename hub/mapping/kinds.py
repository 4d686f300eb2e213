"""What streams may yield that is no order: which fields each kind of document has."""

from __future__ import annotations

from dataclasses import dataclass

COMMON = ("company", "number", "order_no", "status", "amount", "currency", "occurred_at", "due_at")
"""Fields that every document may have; all but these go into `Document.fields`, quantities aside."""


@dataclass(frozen=True, slots=True)
class Kind:
    """The fields of one kind beside the common ones, by what they are.

    Without those under `needs` a record goes to quarantine. `number` stands for what identifies a document
    that has no number of its own (a stock: article, warehouse and lot).
    """

    needs: tuple[str, ...]
    texts: tuple[str, ...] = ()
    quantities: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    number: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All fields of the kind."""
        return (*COMMON, *self.texts, *self.quantities, *self.amounts, *self.times)


_PARTY = ("customer_no", "customer_name", "customer_po", "salesperson")

CLEARING = "clearing"
"""What a finance system keeps of a posting: that cash pays (part of) a receivable. Its `posting` is the
number under which the hub asked for it; it is kept where the order's number of other documents is."""

KINDS = {
    "stock": Kind(
        needs=("sku", "on_hand"),
        texts=("sku", "warehouse", "lot"),
        quantities=("on_hand", "available", "reserved", "incoming"),
        number=("sku", "warehouse", "lot"),
    ),
    "receivable": Kind(
        needs=("number", "amount"),
        texts=(*_PARTY, "invoice_no", "terms"),
        amounts=("open", "paid", "discount"),
        times=("discount_until",),
    ),
    "invoice": Kind(
        needs=("number", "amount"),
        texts=(*_PARTY, "receivable_no", "tax_no", "original_no"),
        amounts=("net", "tax"),
    ),
    "bank_entry": Kind(
        needs=("number", "amount", "occurred_at"),
        texts=("account", "payer", "payer_account", "payer_bank", "reference", "purpose"),
        amounts=("fee", "balance"),
        times=("value_at",),
    ),
    "clearing": Kind(
        needs=("number", "amount"),
        texts=("posting", "receivable_no", "entry_no", "customer_no"),
        amounts=("cash",),
        times=("value_at",),
    ),
    "work_order": Kind(
        needs=("number",),
        texts=("sku", "plant", "line", "order_line"),
        quantities=("ordered", "produced", "scrapped"),
        times=("started_at", "finished_at"),
    ),
}
"""The kinds by the word that `yields` takes."""
