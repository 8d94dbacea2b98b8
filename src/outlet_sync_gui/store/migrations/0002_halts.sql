-- What stands still until a probe passes, what a person did, and which types the cloud has ever taken.

CREATE TABLE halt(
  id INTEGER PRIMARY KEY, outlet INTEGER NOT NULL REFERENCES outlet(id),
  kind TEXT NOT NULL,                      -- route (403), type (refused as such), alike (one refusal after another)
  name TEXT NOT NULL,                      -- the endpoint, or the type
  words TEXT NOT NULL DEFAULT '',          -- the cloud's own
  records TEXT NOT NULL DEFAULT '[]',      -- alike: the lone records that were refused in a row
  since INTEGER NOT NULL,
  probe_at INTEGER,                        -- NULL: not in force, still counting
  probes INTEGER NOT NULL DEFAULT 0,
  is_over INTEGER NOT NULL DEFAULT 0,      -- its rows are on their way back into the line
  n INTEGER NOT NULL DEFAULT 0);           -- rows that wait for it, kept by triggers
CREATE UNIQUE INDEX halt_one ON halt(outlet, kind, name) WHERE is_over = 0;

-- A row that waits for a halt has state 5 (aside; to people it is ready), or 1 where it was itself refused.
ALTER TABLE outbox ADD COLUMN halt INTEGER REFERENCES halt(id);
ALTER TABLE outbox ADD COLUMN is_turned INTEGER NOT NULL DEFAULT 0;  -- sent once more in the other way, uncounted
ALTER TABLE outbox ADD COLUMN is_urgent INTEGER NOT NULL DEFAULT 0;  -- a person wants it sent now, whatever its lane
-- The last request that carried it, until its outcome is known; `sent` keeps contents of the menu alone.
ALTER TABLE outbox ADD COLUMN flight INTEGER;
UPDATE outbox SET tried = 1, flight = (SELECT max(flight) FROM sent WHERE sent.record_id = outbox.record_id)
  WHERE record_id IN (SELECT record_id FROM sent);
DELETE FROM sent WHERE payload IS NULL;
ALTER TABLE record ADD COLUMN is_tried INTEGER NOT NULL DEFAULT 0;   -- it had left when its row was taken out of the line
CREATE INDEX outbox_halt ON outbox(halt, rejections, seq) WHERE halt IS NOT NULL;
CREATE INDEX outbox_urgent ON outbox(outlet, state, lane) WHERE is_urgent = 1;
CREATE TRIGGER halt_change AFTER UPDATE OF halt ON outbox WHEN old.halt IS NOT new.halt BEGIN
  UPDATE halt SET n = n - 1 WHERE id = old.halt;
  UPDATE halt SET n = n + 1 WHERE id = new.halt;
END;
CREATE TRIGGER halt_out AFTER DELETE ON outbox WHEN old.halt IS NOT NULL BEGIN
  UPDATE halt SET n = n - 1 WHERE id = old.halt;
END;

ALTER TABLE outlet ADD COLUMN wait_monotonic_ms INTEGER;              -- when a 429 came, by the clock that nobody sets
ALTER TABLE outlet ADD COLUMN paused_at INTEGER;                      -- when a pause began, by both clocks
ALTER TABLE outlet ADD COLUMN paused_monotonic_ms INTEGER;

CREATE TABLE taken(outlet INTEGER NOT NULL, type TEXT NOT NULL, PRIMARY KEY (outlet, type)) WITHOUT ROWID;
INSERT INTO taken SELECT DISTINCT outlet, type FROM record WHERE accepted_at IS NOT NULL;

CREATE TABLE activity(                     -- what a person decided, and what was decided for them
  id INTEGER PRIMARY KEY, outlet INTEGER NOT NULL REFERENCES outlet(id), at INTEGER NOT NULL,
  what TEXT NOT NULL, record_id INTEGER REFERENCES record(id), who TEXT NOT NULL, why TEXT NOT NULL DEFAULT '',
  before TEXT, after TEXT);
CREATE INDEX activity_record ON activity(record_id) WHERE record_id IS NOT NULL;
