-- The view goes and the table has its name back: with every row, those written since included.
SET LOCAL lock_timeout = '1s';

DO $$
DECLARE
    began timestamptz := clock_timestamp();
    step record;
BEGIN
    -- The view first, as every client comes by it.
    LOCK TABLE order_line_items IN ACCESS EXCLUSIVE MODE;
    DROP VIEW order_line_items;
    ALTER TABLE order_line_items_v2 RENAME TO order_line_items;

    FOR step IN SELECT * FROM order_line_items_migration_log ORDER BY step LOOP
        RAISE NOTICE 'order_line_items: % (at %, % ms) is taken back', step.step, step.started_at, step.milliseconds;
    END LOOP;
    DROP TABLE order_line_items_migration_log;
    RAISE NOTICE 'order_line_items: the table has its name back (% ms)', 1000 * extract(epoch FROM clock_timestamp() - began);
END $$;
