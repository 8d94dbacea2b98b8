-- Headquarters' own id of a record before the one that it has now: a late deletion under that is of a former record.

ALTER TABLE record ADD COLUMN former_cloud_id TEXT;
CREATE INDEX record_former ON record(outlet, type, former_cloud_id) WHERE former_cloud_id IS NOT NULL;
