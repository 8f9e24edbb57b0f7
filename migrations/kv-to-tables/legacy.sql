-- What the platform made for the application: one table of keys and values.
CREATE TABLE kv_store (
  key text PRIMARY KEY,
  value jsonb
);
