-- Times are UTC milliseconds. Small integers stand for the outlet, the lane and the state, so that indexes stay narrow.
-- SQL stays portable: upserts, never INSERT OR REPLACE (it skips delete triggers, and kept counters drift).

CREATE TABLE outlet(
  id INTEGER PRIMARY KEY, outlet_id TEXT NOT NULL UNIQUE,
  cursor TEXT, pulled_at INTEGER, last_success_at INTEGER,
  failing_since INTEGER, trouble_code TEXT, trouble_facts TEXT,         -- the last exchange failed, and why
  wait_until INTEGER, wait_ms INTEGER,                                  -- a 429's word: never longer than it said
  is_paused INTEGER NOT NULL DEFAULT 0, paused_until INTEGER,           -- paused without a time: until a person resumes
  clock_offset_ms INTEGER,
  flight INTEGER);                                                      -- the request that is out, NULL: none

CREATE TABLE record(                       -- surrogate id: a category from the cloud has no local_id
  id INTEGER PRIMARY KEY, outlet INTEGER NOT NULL REFERENCES outlet(id),
  type TEXT NOT NULL, local_id TEXT, cloud_id TEXT, parent_ref TEXT,    -- order_id of a transaction
  source_version INTEGER, source_digest TEXT, source_at TEXT,           -- the POS's own number, content, updated_at
  version INTEGER NOT NULL, digest TEXT NOT NULL,                       -- ours, on the wire
  base_version INTEGER NOT NULL DEFAULT 0,                              -- last agreed with the cloud
  deleted_at TEXT, amount INTEGER NOT NULL DEFAULT 0, changed_at INTEGER NOT NULL,
  accepted_at INTEGER, accepted_day TEXT, accepted_amount INTEGER NOT NULL DEFAULT 0,
  CHECK (local_id IS NOT NULL OR cloud_id IS NOT NULL),
  UNIQUE (outlet, type, local_id), UNIQUE (outlet, type, cloud_id));
CREATE INDEX record_child ON record(outlet, parent_ref) WHERE parent_ref IS NOT NULL;
CREATE INDEX record_accepted ON record(outlet, accepted_at) WHERE accepted_at IS NOT NULL;

CREATE TABLE content(                      -- apart from the narrow rows: the next batch is found without touching it
  record_id INTEGER PRIMARY KEY REFERENCES record(id),
  payload TEXT NOT NULL,                   -- what holds here now, without outlet and version
  source TEXT, base TEXT);                 -- the POS's last, and what was last agreed (product, category)

CREATE TABLE outbox(                       -- at most one row a record; state: 0 ready 1 retry 2 blocked (by its order) 3 held 4 dead
  record_id INTEGER PRIMARY KEY REFERENCES record(id), outlet INTEGER NOT NULL,
  lane INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 0, seq INTEGER NOT NULL UNIQUE, operation TEXT NOT NULL,
  tried INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL, amount INTEGER NOT NULL DEFAULT 0,
  blocked_by INTEGER REFERENCES record(id), rejections INTEGER NOT NULL DEFAULT 0, retry_at INTEGER,
  error_code TEXT, error_text TEXT, queued_at INTEGER NOT NULL);
CREATE INDEX outbox_next ON outbox(outlet, state, lane, seq, record_id, bytes);
CREATE INDEX outbox_blocked ON outbox(blocked_by) WHERE blocked_by IS NOT NULL;
CREATE INDEX outbox_retry ON outbox(outlet, retry_at) WHERE retry_at IS NOT NULL;

CREATE TABLE sent(                         -- every version that is out, or whose outcome is unknown, until it is settled
  record_id INTEGER NOT NULL REFERENCES record(id), version INTEGER NOT NULL,
  digest TEXT NOT NULL, amount INTEGER NOT NULL, payload TEXT, flight INTEGER NOT NULL,
  PRIMARY KEY (record_id, version)) WITHOUT ROWID;

CREATE TABLE news(                         -- headquarters' change beside a record with unsent edits: its push waits for the merge
  record_id INTEGER PRIMARY KEY REFERENCES record(id),
  action TEXT NOT NULL, version INTEGER NOT NULL, fields TEXT NOT NULL, cloud_id TEXT, at TEXT NOT NULL, heard_at INTEGER NOT NULL);

CREATE TABLE counter(                      -- kept by triggers on outbox; status never counts rows
  outlet INTEGER NOT NULL, lane INTEGER NOT NULL, state INTEGER NOT NULL, n INTEGER NOT NULL, amount INTEGER NOT NULL,
  PRIMARY KEY (outlet, lane, state)) WITHOUT ROWID;
CREATE TRIGGER outbox_in AFTER INSERT ON outbox BEGIN
  INSERT INTO counter VALUES (new.outlet, new.lane, new.state, 1, new.amount)
    ON CONFLICT DO UPDATE SET n = n + 1, amount = amount + excluded.amount;
END;
CREATE TRIGGER outbox_out AFTER DELETE ON outbox BEGIN
  UPDATE counter SET n = n - 1, amount = amount - old.amount WHERE outlet = old.outlet AND lane = old.lane AND state = old.state;
END;
CREATE TRIGGER outbox_change AFTER UPDATE OF state, amount ON outbox
  WHEN old.state <> new.state OR old.amount <> new.amount BEGIN
  UPDATE counter SET n = n - 1, amount = amount - old.amount WHERE outlet = old.outlet AND lane = old.lane AND state = old.state;
  INSERT INTO counter VALUES (new.outlet, new.lane, new.state, 1, new.amount)
    ON CONFLICT DO UPDATE SET n = n + 1, amount = amount + excluded.amount;
END;

CREATE TABLE sent_day(outlet INTEGER NOT NULL, day TEXT NOT NULL, n INTEGER NOT NULL, amount INTEGER NOT NULL,
  PRIMARY KEY (outlet, day)) WITHOUT ROWID;

CREATE TABLE request_stamp(                -- the last mark of a request: its leaving, then its answer, by both clocks
  id INTEGER PRIMARY KEY, outlet INTEGER NOT NULL, wall_ms INTEGER NOT NULL, monotonic_ms INTEGER NOT NULL);
