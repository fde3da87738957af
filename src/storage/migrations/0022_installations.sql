-- A domain on which visitors have written makes no room for others. On which they had, the counts of pages tell.

ALTER TABLE installations ADD COLUMN written_at INTEGER;

UPDATE installations SET written_at = last_seen_at
WHERE EXISTS (
    SELECT 1
    FROM page_usage
    WHERE page_usage.account = installations.account
      AND (substr(page, instr(page, '://') + 3) LIKE domain || '/%' OR substr(page, instr(page, '://') + 3) LIKE domain || ':%')
);
