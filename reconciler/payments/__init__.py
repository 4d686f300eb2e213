"""Bank entries and what they pay: what is certain is posted, all else is proposed with its reasons.

    files      receivables, bank entries and customers out of CSV, matches and proposals into it
    model      Receivable, BankEntry, Customer; Posting, Match, Proposal
    texts      what people write, brought to one form; `names` and `words` know firms and payment words
    parties    who pays: by account, name, English name, alias, group, or named in the text
    numbers    which documents a remittance cites: lists, ranges, slips of scanners, numbers cut short
    books      the open receivables by customer and by document number
    sieve      what pays nothing: returned, reversed, paid twice, gone out
    deductions what discounts and bank fees keep of a payment
    sums       which receivables add up to a sum: exactly, with discount, as the only subset
    by_document, by_party    the two ways to explain an entry; each says all its explanations
    matcher    runs the layers, strong evidence first, and posts what has exactly one explanation
    proposing  up to three candidates for what is left, with reasons

Money is in integer minor units of its currency. A posting has at least two facts that do not depend on each
other (document and sum, party and sum, document and party), and nothing that speaks against it.
"""
