-- What headquarters says: conflicts, changes that the till must still learn, questions, announcements, webhooks.

CREATE TABLE conflict(
  id INTEGER PRIMARY KEY, outlet INTEGER NOT NULL REFERENCES outlet(id),
  record_id INTEGER REFERENCES record(id),                              -- NULL: told of a record that we don't know
  type TEXT NOT NULL, local_id TEXT, cloud_id TEXT,
  source TEXT NOT NULL,                                                 -- merge, webhook, refused
  revision INTEGER NOT NULL DEFAULT 1,                                  -- a choice counts only for the one that was seen
  opened_at INTEGER NOT NULL, closed_at INTEGER, closed_by TEXT, notes TEXT NOT NULL DEFAULT '');
CREATE UNIQUE INDEX conflict_one_open ON conflict(record_id) WHERE closed_at IS NULL AND record_id IS NOT NULL;
CREATE INDEX conflict_open ON conflict(outlet, id) WHERE closed_at IS NULL;
CREATE INDEX conflict_record ON conflict(record_id) WHERE record_id IS NOT NULL;

CREATE TABLE conflict_field(               -- values are JSON texts, NULL: absent there
  conflict_id INTEGER NOT NULL REFERENCES conflict(id), field TEXT NOT NULL,
  cloud_conflict_id TEXT,                                               -- the cloud's own, where it told of it
  is_asked INTEGER NOT NULL DEFAULT 0,                                  -- the cloud asks: open though only one side changed
  base TEXT, local TEXT, cloud TEXT,
  local_version INTEGER, cloud_version INTEGER, local_at TEXT, cloud_at TEXT, cloud_by TEXT, reason TEXT,
  choice TEXT, value TEXT,                                              -- cloud_wins, local_wins, newest_wins; an own value
  told_at INTEGER,                                                      -- the cloud knows the choice
  PRIMARY KEY (conflict_id, field)) WITHOUT ROWID;
CREATE INDEX conflict_field_untold ON conflict_field(conflict_id)
  WHERE choice IS NOT NULL AND cloud_conflict_id IS NOT NULL AND told_at IS NULL;

CREATE TABLE change(                       -- what the till must still learn, in order; fields as {"price": {"from", "to"}}
  seq INTEGER PRIMARY KEY AUTOINCREMENT, outlet INTEGER NOT NULL REFERENCES outlet(id),
  record_id INTEGER NOT NULL REFERENCES record(id),
  action TEXT NOT NULL, version INTEGER NOT NULL, fields TEXT NOT NULL, reason TEXT, at INTEGER NOT NULL,
  taken_at INTEGER, taken_by TEXT);                                     -- a reader acknowledged it, or a person ticked it off
CREATE INDEX change_untaken ON change(outlet, seq) WHERE taken_at IS NULL;
CREATE INDEX change_record ON change(record_id, seq);
CREATE INDEX change_deletion ON change(outlet, at) WHERE action = 'delete';
CREATE TABLE change_reader(
  outlet INTEGER NOT NULL, name TEXT NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (outlet, name)) WITHOUT ROWID;
ALTER TABLE outlet ADD COLUMN untaken INTEGER NOT NULL DEFAULT 0;       -- kept by triggers on change
ALTER TABLE outlet ADD COLUMN changes_gone INTEGER NOT NULL DEFAULT 0;  -- up to this seq nothing is kept any more
CREATE TRIGGER change_in AFTER INSERT ON change WHEN new.taken_at IS NULL BEGIN
  UPDATE outlet SET untaken = untaken + 1 WHERE id = new.outlet;
END;
CREATE TRIGGER change_taken AFTER UPDATE OF taken_at ON change WHEN old.taken_at IS NULL AND new.taken_at IS NOT NULL BEGIN
  UPDATE outlet SET untaken = untaken - 1 WHERE id = new.outlet;
END;
CREATE TRIGGER change_out AFTER DELETE ON change WHEN old.taken_at IS NULL BEGIN
  UPDATE outlet SET untaken = untaken - 1 WHERE id = old.outlet;
END;

CREATE TABLE question(                     -- what waits for a person's word, one of a kind at a time
  id INTEGER PRIMARY KEY, outlet INTEGER NOT NULL REFERENCES outlet(id),
  kind TEXT NOT NULL, facts TEXT NOT NULL, opened_at INTEGER NOT NULL,
  closed_at INTEGER, choice TEXT, who TEXT);
CREATE UNIQUE INDEX question_one_open ON question(outlet, kind) WHERE closed_at IS NULL;
ALTER TABLE news ADD COLUMN question INTEGER REFERENCES question(id);   -- held until it is answered
ALTER TABLE news ADD COLUMN said_by TEXT;
ALTER TABLE news ADD COLUMN reason TEXT;
CREATE INDEX news_question ON news(question) WHERE question IS NOT NULL;

CREATE TABLE message(                      -- headquarters' announcements, shown until somebody acknowledges them
  id INTEGER PRIMARY KEY, outlet INTEGER NOT NULL REFERENCES outlet(id), message_id TEXT NOT NULL,
  title TEXT NOT NULL, text TEXT NOT NULL, level TEXT NOT NULL, expires_at INTEGER, at INTEGER NOT NULL,
  read_at INTEGER, read_by TEXT, UNIQUE (outlet, message_id));
CREATE INDEX message_unread ON message(outlet, id) WHERE read_at IS NULL;

CREATE TABLE webhook(                      -- bodies that were accepted, and what they were answered
  outlet INTEGER NOT NULL REFERENCES outlet(id), digest TEXT NOT NULL, at INTEGER NOT NULL, answer TEXT NOT NULL,
  PRIMARY KEY (outlet, digest)) WITHOUT ROWID;
CREATE INDEX webhook_age ON webhook(outlet, at);

ALTER TABLE outlet ADD COLUMN remote_config TEXT;                       -- settings that headquarters sent, as JSON
ALTER TABLE outlet ADD COLUMN remote_config_at TEXT;                    -- the newest it sent; older ones are ignored
ALTER TABLE outlet ADD COLUMN full_pulled_at INTEGER;                   -- the last pull of everything
ALTER TABLE record ADD COLUMN ruled_version INTEGER NOT NULL DEFAULT 0; -- only a later one may overrule a person
ALTER TABLE record ADD COLUMN cloud_at TEXT;                            -- the time of headquarters' newest change of it
ALTER TABLE record ADD COLUMN deleted_until TEXT;                       -- its last deletion that is over: a repeat is old
ALTER TABLE content ADD COLUMN source_seq INTEGER NOT NULL DEFAULT 0;   -- up to which change the POS had heard when it said `source`
