"""The triggers of the WMS's database, by which every write stamps, counts, goes wrong and is noted."""

from __future__ import annotations

_NOW = {
    "sqlite": "COALESCE((SELECT value FROM setting WHERE name = 'now'),"
    " strftime('%Y-%m-%d %H:%M:%f', 'now', '+8 hours'))",
    "postgresql": "COALESCE((SELECT value FROM setting WHERE name = 'now'),"
    " to_char(clock_timestamp() AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI:SS.MS'))",
}
_WHO = "(SELECT value FROM setting WHERE name = 'who')"
_NOTED = "INSERT INTO journal (at, who, operation, order_ref, digest, done)"
_FAULTY = "EXISTS (SELECT 1 FROM fault WHERE way = '{way}' AND operation = '' AND order_ref IN ('', {ref}))"
_VALUE = "(SELECT value FROM fault WHERE way = '{way}')"


def sqlite() -> list[str]:
    """Return the statements that make the triggers in SQLite."""
    now, refused = _NOW["sqlite"], []
    for way, text in (("locked", "row is locked by user LIXM"), ("dead", "disk I/O error")):
        for name, event in (("born", "INSERT"), ("moved", "UPDATE")):
            met = f"{_WHO} = 'hub' AND {_FAULTY.format(way=way, ref='NEW.order_ref')}"
            refused.append(
                f"CREATE TRIGGER IF NOT EXISTS outbound_{way}_{name} BEFORE {event} ON outbound WHEN {met}"
                f" BEGIN SELECT RAISE(ABORT, '{text}'); END"
            )
    kept = (
        "state = COALESCE((SELECT substr(value, 4) FROM fault"
        " WHERE way = 'merge' AND value LIKE NEW.state || '=%'), NEW.state),"
        f" remark = substr(NEW.remark, 1, COALESCE({_VALUE.format(way='cut')}, 200)),"
        f" customer = substr(NEW.customer, 1, COALESCE({_VALUE.format(way='cut')}, 60))"
    )
    rounded = "round({one}, COALESCE(" + _VALUE.format(way="round") + ", 3))"
    old, new = rounded.format(one="OLD.qty"), rounded.format(one="NEW.qty")
    moved = f"UPDATE outbound SET version = version + 1, changed = {now} WHERE id = {{row}}.outbound_id"
    ref = "(SELECT order_ref FROM outbound WHERE id = {row}.outbound_id)"
    line = f"{_NOTED} VALUES ({now}, {_WHO}, '{{what}}', {ref}, {{said}}, 1)"
    said = "NEW.pos || ' ' || NEW.qty || ' ' || NEW.qty_sent"
    return [
        *refused,
        f"""CREATE TRIGGER IF NOT EXISTS outbound_born AFTER INSERT ON outbound BEGIN
          UPDATE outbound SET created = {now}, changed = {now}, version = 1, {kept} WHERE id = NEW.id;
          {_NOTED} VALUES ({now}, {_WHO}, 'create', NEW.order_ref, NEW.state || ' ' || NEW.held, 1);
        END""",
        f"""CREATE TRIGGER IF NOT EXISTS outbound_moved
        AFTER UPDATE OF order_ref, state, held, customer, shipped_at, remark ON outbound
        WHEN NEW.version = OLD.version BEGIN
          UPDATE outbound SET version = OLD.version + 1, changed = {now}, {kept} WHERE id = NEW.id;
          {_NOTED} VALUES ({now}, {_WHO}, 'change', NEW.order_ref, NEW.state || ' ' || NEW.held, 1);
        END""",
        f"""CREATE TRIGGER IF NOT EXISTS line_born AFTER INSERT ON outbound_line BEGIN
          UPDATE outbound_line SET qty = {new} WHERE outbound_id = NEW.outbound_id AND pos = NEW.pos;
          {moved.format(row="NEW")};
          {line.format(what="line", row="NEW", said=said)};
        END""",
        f"""CREATE TRIGGER IF NOT EXISTS line_moved
        AFTER UPDATE OF item_code, unit, qty, qty_sent ON outbound_line
        WHEN NEW.item_code <> OLD.item_code OR NEW.unit <> OLD.unit OR NEW.qty_sent <> OLD.qty_sent
          OR NEW.qty <> {old} BEGIN
          UPDATE outbound_line SET qty = {new} WHERE outbound_id = NEW.outbound_id AND pos = NEW.pos;
          {moved.format(row="NEW")};
          {line.format(what="quantity", row="NEW", said=said)};
        END""",
        f"""CREATE TRIGGER IF NOT EXISTS line_gone AFTER DELETE ON outbound_line BEGIN
          {moved.format(row="OLD")};
          {line.format(what="line gone", row="OLD", said="OLD.pos || ''")};
        END""",
    ]


def postgresql() -> list[str]:
    """Return the statements that make the triggers in PostgreSQL."""
    now = _NOW["postgresql"]
    refused = "".join(
        f"""IF {_WHO} = 'hub' AND {_FAULTY.format(way=way, ref="NEW.order_ref")} THEN
          RAISE EXCEPTION '{text}' USING ERRCODE = '{code}'; END IF;
        """
        for way, text, code in (
            ("locked", "row is locked by user LIXM", "55P03"),
            ("dead", "disk I/O error", "58030"),
        )
    )
    return [
        f"""CREATE OR REPLACE FUNCTION outbound_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        {refused}
        NEW.state := COALESCE((SELECT split_part(value, '=', 2) FROM fault
          WHERE way = 'merge' AND split_part(value, '=', 1) = NEW.state), NEW.state);
        NEW.remark := left(NEW.remark, COALESCE({_VALUE.format(way="cut")}, '200')::int);
        NEW.customer := left(NEW.customer, COALESCE({_VALUE.format(way="cut")}, '60')::int);
        NEW.changed := {now};
        IF TG_OP = 'INSERT' THEN NEW.created := NEW.changed; NEW.version := 1;
        ELSE NEW.version := OLD.version + 1; END IF;
        RETURN NEW; END $$""",
        f"""CREATE OR REPLACE FUNCTION outbound_noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP = 'INSERT' OR (NEW.order_ref, NEW.state, NEW.held, NEW.customer, NEW.shipped_at, NEW.remark)
          IS DISTINCT FROM (OLD.order_ref, OLD.state, OLD.held, OLD.customer, OLD.shipped_at, OLD.remark) THEN
          {_NOTED} VALUES ({now}, {_WHO}, CASE TG_OP WHEN 'INSERT' THEN 'create' ELSE 'change' END,
            NEW.order_ref, NEW.state || ' ' || NEW.held, 1);
        END IF; RETURN NULL; END $$""",
        f"""CREATE OR REPLACE FUNCTION line_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        NEW.qty := round(NEW.qty, COALESCE({_VALUE.format(way="round")}, '3')::int);
        RETURN NEW; END $$""",
        f"""CREATE OR REPLACE FUNCTION line_noted() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE one record; BEGIN
        IF TG_OP = 'DELETE' THEN one := OLD; ELSE one := NEW; END IF;
        UPDATE outbound SET version = version WHERE id = one.outbound_id;
        {_NOTED} SELECT {now}, {_WHO},
          CASE TG_OP WHEN 'INSERT' THEN 'line' WHEN 'UPDATE' THEN 'quantity' ELSE 'line gone' END,
          order_ref, one.pos || ' ' || one.qty || ' ' || one.qty_sent, 1
          FROM outbound WHERE id = one.outbound_id;
        RETURN NULL; END $$""",
        *(
            f"CREATE OR REPLACE TRIGGER {name} {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
            for name, when, table in (
                ("outbound_kept", "BEFORE INSERT OR UPDATE", "outbound"),
                ("outbound_noted", "AFTER INSERT OR UPDATE", "outbound"),
                ("line_kept", "BEFORE INSERT OR UPDATE", "outbound_line"),
                ("line_noted", "AFTER INSERT OR UPDATE OR DELETE", "outbound_line"),
            )
        ),
    ]
