-- Headquarters' own id of a record before the one that it has now: a late deletion under that is of a former record.

ALTER TABLE record ADD COLUMN former_cloud_id TEXT;
