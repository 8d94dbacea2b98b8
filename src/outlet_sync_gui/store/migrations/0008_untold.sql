-- What headquarters does not have as it is here: sales that a person decided not to send, and deletions that wait.

CREATE INDEX activity_discarded ON activity(record_id) WHERE what = 'discarded';
CREATE TABLE sale_gone(                    -- when a sale was that is deleted here
  record_id INTEGER PRIMARY KEY REFERENCES record(id), outlet INTEGER NOT NULL, at INTEGER NOT NULL);
CREATE INDEX sale_gone_time ON sale_gone(outlet, at);
CREATE TRIGGER sale_gone_out AFTER DELETE ON sale BEGIN
  INSERT OR REPLACE INTO sale_gone VALUES (old.record_id, old.outlet, old.at);
END;
CREATE TRIGGER sale_gone_in AFTER INSERT ON sale BEGIN
  DELETE FROM sale_gone WHERE record_id = new.record_id;
END;
CREATE INDEX record_former ON record(outlet, type, former_cloud_id) WHERE former_cloud_id IS NOT NULL;
