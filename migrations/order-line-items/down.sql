-- The view goes and the table has its name back: with every row, those written since included.
SET LOCAL lock_timeout = '1s';

DO $$
DECLARE
    began timestamptz := clock_timestamp();
    step record;
    statements text[];
    statement text;
BEGIN
    -- The view first, as every client comes by it.
    LOCK TABLE order_line_items IN ACCESS EXCLUSIVE MODE;

    -- Views that were made over the view since. Their texts are read now, and put in again when the name is the table's: a view that is
    -- replaced keeps its owner, grants, comments, triggers and the views over it.
    SELECT array_agg(format(
        'CREATE OR REPLACE VIEW %s %s AS %s', dependent.oid::regclass,
        'WITH (' || array_to_string(dependent.reloptions, ', ') || ')', pg_get_viewdef(dependent.oid)
    )) INTO statements
    FROM pg_class AS dependent
    WHERE dependent.relkind = 'v' AND dependent.oid <> 'order_line_items'::regclass AND EXISTS (
        SELECT FROM pg_depend JOIN pg_rewrite ON classid = 'pg_rewrite'::regclass AND pg_rewrite.oid = objid
        WHERE refclassid = 'pg_class'::regclass AND refobjid = 'order_line_items'::regclass AND ev_class = dependent.oid
    );

    ALTER VIEW order_line_items RENAME TO order_line_items_leaving;
    ALTER TABLE order_line_items_v2 RENAME TO order_line_items;
    FOREACH statement IN ARRAY coalesce(statements, '{}') LOOP
        EXECUTE statement;
    END LOOP;
    -- Whatever else depends on the view (a materialized view, a policy) stops this, is named in the error, and nothing is done (2BP01).
    DROP VIEW order_line_items_leaving;

    FOR step IN SELECT * FROM order_line_items_migration_log ORDER BY step LOOP
        RAISE NOTICE 'order_line_items: % (at %, % ms) is taken back', step.step, step.started_at, step.milliseconds;
    END LOOP;
    DROP TABLE order_line_items_migration_log;
    RAISE NOTICE 'order_line_items: the table has its name back (% ms)', 1000 * extract(epoch FROM clock_timestamp() - began);
END $$;
