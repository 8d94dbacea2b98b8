-- What the day's figures need of orders and transactions, in columns: a day is summed up without reading a payload,
-- and still is when its payloads are gone.

CREATE TABLE sale(
  record_id INTEGER PRIMARY KEY REFERENCES record(id), outlet INTEGER NOT NULL,
  is_order INTEGER NOT NULL, number TEXT NOT NULL,
  bill TEXT,                                                            -- the order's number, of a transaction too
  at INTEGER NOT NULL, is_timed INTEGER NOT NULL,                       -- when it was paid (1), else made (0)
  amount INTEGER NOT NULL, status TEXT NOT NULL, payment TEXT NOT NULL,
  is_void INTEGER NOT NULL, is_merged INTEGER NOT NULL,
  merged TEXT NOT NULL,                                                 -- JSON list: orders whose items it took in
  method TEXT NOT NULL,
  items TEXT NOT NULL);                                                 -- JSON list of [name, quantity, rupiah, status]
CREATE INDEX sale_time ON sale(outlet, at);
CREATE INDEX sale_bill ON sale(outlet, bill) WHERE bill IS NOT NULL;
CREATE TABLE sale_merged(                                               -- who took in an order, told by the other one
  bill TEXT NOT NULL, outlet INTEGER NOT NULL, record_id INTEGER NOT NULL REFERENCES record(id),
  PRIMARY KEY (outlet, bill, record_id)) WITHOUT ROWID;
CREATE INDEX sale_merged_record ON sale_merged(record_id);
CREATE TRIGGER sale_in AFTER INSERT ON sale WHEN new.merged <> '' BEGIN
  INSERT INTO sale_merged SELECT value, new.outlet, new.record_id FROM json_each(new.merged) WHERE 1
    ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER sale_out AFTER DELETE ON sale WHEN old.merged <> '' BEGIN
  DELETE FROM sale_merged WHERE record_id = old.record_id;
END;
