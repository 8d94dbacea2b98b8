-- One history of what was sent, received and decided, read from its end: each of its sources has an index by time.

CREATE INDEX activity_decided ON activity(outlet, at) WHERE who <> '';
CREATE INDEX activity_noted ON activity(outlet, at) WHERE who = '';
CREATE INDEX change_time ON change(outlet, at);
CREATE INDEX question_time ON question(outlet, opened_at);
CREATE INDEX message_time ON message(outlet, at);
