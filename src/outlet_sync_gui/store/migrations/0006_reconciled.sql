-- What headquarters was found to have of a business day, beside ours; and whether it can be read back at all.

CREATE TABLE reconciled(
  outlet INTEGER NOT NULL, day TEXT NOT NULL, found TEXT NOT NULL,      -- JSON
  PRIMARY KEY (outlet, day)) WITHOUT ROWID;
ALTER TABLE outlet ADD COLUMN can_be_read INTEGER;                      -- 1 or 0 as last seen; NULL: nobody has looked
