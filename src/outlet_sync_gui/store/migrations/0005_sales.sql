-- What the day's figures need of orders and transactions, in columns: a day is summed up without reading a payload,
-- and still is when its payloads are gone.

CREATE TABLE sale(
  record_id INTEGER PRIMARY KEY REFERENCES record(id), outlet INTEGER NOT NULL,
  is_order INTEGER NOT NULL, number TEXT NOT NULL,
  bill TEXT NOT NULL,                                                   -- the order's number, of a transaction too
  at INTEGER NOT NULL, is_timed INTEGER NOT NULL,                       -- when it was paid (1), else made (0)
  amount INTEGER NOT NULL, status TEXT NOT NULL, payment TEXT NOT NULL,
  is_void INTEGER NOT NULL, is_merged INTEGER NOT NULL,
  merged TEXT NOT NULL,                                                 -- JSON list: orders whose items it took in
  method TEXT NOT NULL,
  items TEXT NOT NULL);                                                 -- JSON list of [name, quantity, rupiah, status]
CREATE INDEX sale_time ON sale(outlet, at, bill);
CREATE INDEX sale_bill ON sale(outlet, bill);
CREATE TABLE sale_merged(                                               -- who took in an order, told by the other one
  outlet INTEGER NOT NULL, bill TEXT NOT NULL, record_id INTEGER NOT NULL REFERENCES record(id),
  PRIMARY KEY (outlet, bill, record_id)) WITHOUT ROWID;
CREATE INDEX sale_merged_record ON sale_merged(record_id);

-- Kept sums: what each bill was counted with, what a day came to by that, and which bills are to be counted (anew).
CREATE TABLE tally_bill(
  outlet INTEGER NOT NULL, bill TEXT NOT NULL, brings TEXT NOT NULL,    -- JSON: by business day, what it adds
  PRIMARY KEY (outlet, bill)) WITHOUT ROWID;
CREATE TABLE tally_day(
  outlet INTEGER NOT NULL, day TEXT NOT NULL, sums TEXT NOT NULL,       -- JSON: by hour, method, product
  PRIMARY KEY (outlet, day)) WITHOUT ROWID;
CREATE TABLE tally_due(
  outlet INTEGER NOT NULL, bill TEXT NOT NULL, PRIMARY KEY (outlet, bill)) WITHOUT ROWID;
ALTER TABLE outlet ADD COLUMN tally_rules TEXT;                         -- by which rules they were counted

CREATE TRIGGER sale_in AFTER INSERT ON sale BEGIN
  INSERT INTO tally_due VALUES (new.outlet, new.bill) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER sale_out AFTER DELETE ON sale BEGIN
  INSERT INTO tally_due VALUES (old.outlet, old.bill) ON CONFLICT DO NOTHING;
  DELETE FROM sale_merged WHERE record_id = old.record_id;
END;
CREATE TRIGGER sale_merging AFTER INSERT ON sale WHEN new.merged <> '' BEGIN
  INSERT INTO sale_merged SELECT new.outlet, value, new.record_id FROM json_each(new.merged) WHERE 1
    ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER sale_merged_in AFTER INSERT ON sale_merged BEGIN
  INSERT INTO tally_due VALUES (new.outlet, new.bill) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER sale_merged_out AFTER DELETE ON sale_merged BEGIN
  INSERT INTO tally_due VALUES (old.outlet, old.bill) ON CONFLICT DO NOTHING;
END;
