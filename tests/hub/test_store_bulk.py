from __future__ import annotations
from datetime import UTC, datetime
from decimal import Decimal
import pytest, sqlalchemy as sa
from hub.model import Status
from hub.store import Store, bulk
from hub.store.tables import orders

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
def order(n, **kw): return {"company":"sz","order_no":f"{n:08}","status":Status.SHIPPED,"side":0,"ordered":Decimal("1.5"),"lines":"a\tb\\c\nd\r中","customer_name":None,"first_seen":NOW,"changed_at":NOW,"run":1}|kw

@pytest.mark.parametrize("count",[3,3000])
def test_it(store: Store, count: int) -> None:
    rows=[order(n) for n in range(count)]
    with store.write() as c:
        assert bulk.upsert(c, orders, rows)==count
        assert bulk.upsert(c, orders, rows)==0
        rows[1]["ordered"]=None
        assert bulk.upsert(c, orders, rows)==1
        got=bulk.fetch_many(c, orders,("company","order_no"),[("sz","00000001"),("sz","00000002"),("x","")])
        print(got)
        assert len(got)==2
        bulk.insert(c, orders,[order(n,company="xx") for n in range(count)])
        assert bulk.delete(c,orders,("company","order_no"),[("xx",f"{n:08}") for n in range(count)])==count
