"""One sound statement in each format, small but with what the format is about; and how they are looked at."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.statements.model import Entry, Parsed, Remark
from connectors.statements.parse import parse

MT940 = b"""\
:20:STATEMENT1
:25:DE02120300000000202051
:28C:7/1
:60F:C260130EUR1000,00
:61:2602020202C250,00NTRFNONREF//BANK-1
:86:166?00CREDIT?20EREF+SO-1001?21SVWZ+INVOICE 2026-0001?30DEUTDEFF?31DE44500105175407324931
?32NORTH TOOLS GMBH
:61:2602030203D40,50NCHGNONREF//BANK-2
:86:808?00CHARGES?20ACCOUNT FEE JANUARY
:61:2602030203C10,00NTRFNONREF//BANK-3
:86:166?00CREDIT?20SVWZ+INVOICE 2026-0002?32SOUTH TOOLS GMBH
:62F:C260203EUR1219,50
-
"""

MT942 = b"""\
:20:REPORT1
:25:DE02120300000000202051
:28C:7/1
:34F:EURD5,00
:34F:EURC5,00
:13D:2602031145+0100
:61:2602030203C250,00NTRFNONREF//BANK-1
:86:INVOICE 2026-0001
:90D:0EUR0,
:90C:1EUR250,00
-
"""

CAMT = b"""\
<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02">
 <BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId></GrpHdr>
  <Stmt><Id>S1</Id>
   <Acct><Id><IBAN>DE02120300000000202051</IBAN></Id><Ccy>EUR</Ccy></Acct>
   <Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">1000.00</Amt>
    <CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-02-02</Dt></Dt></Bal>
   <Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">1209.50</Amt>
    <CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-02-03</Dt></Dt></Bal>
   <TxsSummry><TtlNtries><NbOfNtries>2</NbOfNtries></TtlNtries></TxsSummry>
   <Ntry><Amt Ccy="EUR">250.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>
    <BookgDt><Dt>2026-02-02</Dt></BookgDt><ValDt><Dt>2026-02-02</Dt></ValDt><AcctSvcrRef>BANK-1</AcctSvcrRef>
    <NtryDtls><TxDtls><Refs><EndToEndId>SO-1001</EndToEndId></Refs>
     <RltdPties><Dbtr><Nm>North Tools GmbH</Nm></Dbtr>
      <DbtrAcct><Id><IBAN>DE44500105175407324931</IBAN></Id></DbtrAcct></RltdPties>
     <RmtInf><Ustrd>INVOICE 2026-0001</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
   <Ntry><Amt Ccy="EUR">40.50</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts>
    <BookgDt><Dt>2026-02-03</Dt></BookgDt><ValDt><Dt>2026-02-03</Dt></ValDt><AcctSvcrRef>BANK-2</AcctSvcrRef>
    <AddtlNtryInf>ACCOUNT FEE JANUARY</AddtlNtryInf></Ntry>
  </Stmt>
 </BkToCstmrStmt>
</Document>
"""

OFX = b"""\
OFXHEADER:100
DATA:OFXSGML
VERSION:102
ENCODING:USASCII
CHARSET:1252

<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD
<BANKACCTFROM><BANKID>110000000001<ACCTID>12-345<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST><DTSTART>20260201<DTEND>20260228
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260202120000[-5:EST]<TRNAMT>250.00<FITID>BANK-1
<NAME>NORTH TOOLS<MEMO>INVOICE 2026-0001</STMTTRN>
<STMTTRN><TRNTYPE>FEE<DTPOSTED>20260203<TRNAMT>-40.50<FITID>BANK-2<NAME>ACCOUNT FEE</STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>1209.50<DTASOF>20260228</LEDGERBAL>
</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""

BAI2 = b"""\
01,BANKID,CUSTOMER,260204,0600,1,,,2/
02,CUSTOMER,BANKID,1,260203,,USD,2/
03,0012345,USD,010,100000,,,015,120950,,/
88,100,25000,1,,400,4050,1,/
16,195,25000,0,BANK-1,SO-1001,NORTH TOOLS INVOICE 2026-0001/
16,698,4050,0,BANK-2,,ACCOUNT FEE
88,JANUARY
49,279050,6/
98,279050,1,8/
99,279050,1,10/
"""

SOUND = {"mt940": MT940, "mt942": MT942, "camt": CAMT, "ofx": OFX, "bai2": BAI2}


def entries(parsed: Parsed) -> list[Entry]:
    return [entry for statement in parsed.statements for entry in statement.entries]


def keys(remarks: Iterable[Remark]) -> list[str]:
    return [remark.key.removeprefix("statements.") for remark in remarks]


def amounts(content: bytes) -> list[str]:
    """Return the amounts in a file that must be sound."""
    parsed = parse(content)
    assert not parsed.errors, [str(one) for one in parsed.errors]
    return [f"{entry.amount:f}" for entry in entries(parsed)]


def only(content: bytes) -> Entry:
    """Return the one entry of a file."""
    [entry] = entries(parse(content))
    return entry
