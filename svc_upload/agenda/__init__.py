"""What is to be done at a time: expiry, retention, purging. Kept in the tables, so no crash forgets it."""
