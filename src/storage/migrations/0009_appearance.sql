-- How an agent's widget looks and behaves: JSON that Rust decodes; what it lacks has its default.

ALTER TABLE agents ADD COLUMN appearance TEXT NOT NULL DEFAULT '{}';
