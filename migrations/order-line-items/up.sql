-- Phase 1: the rows live in "order_line_items_v2"; "order_line_items" goes on working as a view over it. One transaction, no row copied:
-- the table keeps its OID, and with it its rows, keys, checks, indexes, triggers, policies, sequence, statistics targets, publications, and
-- the foreign keys that point at it. Constraints keep their names too, which clients see in errors.
--
-- The view has no INSTEAD OF triggers on purpose. PostgreSQL rewrites a statement on a view of plain columns into one on the table: each
-- default, generated key, RETURNING, ON CONFLICT, row count and SQLSTATE is the table's own, and there is no trigger to go wrong.

-- A reader that stays in its transaction would hold this up, and everybody who comes later with it: rather give up, and try again.
SET LOCAL lock_timeout = '1s';

CREATE TABLE order_line_items_migration_log (
    step text PRIMARY KEY,
    started_at timestamptz NOT NULL,
    milliseconds numeric NOT NULL
);
COMMENT ON TABLE order_line_items_migration_log IS 'Steps of the move of order_line_items behind a view, with their times; down tells them once more';

DO $$
DECLARE
    began timestamptz := clock_timestamp();
BEGIN
    LOCK TABLE order_line_items IN ACCESS EXCLUSIVE MODE;
    INSERT INTO order_line_items_migration_log
    VALUES ('1 lock', began, 1000 * extract(epoch FROM clock_timestamp() - began));
    RAISE NOTICE 'order_line_items: 1 lock';
END $$;

DO $$
DECLARE
    began timestamptz := clock_timestamp();
BEGIN
    ALTER TABLE order_line_items RENAME TO order_line_items_v2;

    -- Every column by name: SELECT * would be frozen to the same list, and hide that it is.
    -- security_invoker: row security and grants of the table hold for whoever asks, not for the owner of the view.
    CREATE VIEW order_line_items WITH (security_invoker = true) AS
    SELECT id, order_id, product_id, "position", quantity, unit_price, discount, notes, created_at, updated_at
    FROM order_line_items_v2;

    INSERT INTO order_line_items_migration_log
    VALUES ('2 rename and view', began, 1000 * extract(epoch FROM clock_timestamp() - began));
    RAISE NOTICE 'order_line_items: 2 rename and view';
END $$;

-- Who could do what on the table can do it on the view, and nobody else: default privileges may have granted more to a new relation.
DO $$
DECLARE
    began timestamptz := clock_timestamp();
    statement text;
BEGIN
    -- Who may alter the table may alter the view, whoever runs this. First, so that the grants below are the owner's.
    SELECT format('ALTER VIEW order_line_items OWNER TO %I', pg_get_userbyid(relowner)) INTO statement
    FROM pg_class WHERE oid = 'order_line_items_v2'::regclass;
    EXECUTE statement;

    FOR statement IN
        SELECT format('REVOKE ALL ON order_line_items FROM %s', grantee)
        FROM (
            SELECT DISTINCT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END AS grantee
            FROM pg_class, aclexplode(coalesce(relacl, acldefault('r', relowner)))
            WHERE pg_class.oid = 'order_line_items'::regclass
        ) AS present
        UNION ALL
        SELECT format(
            'GRANT %s ON order_line_items TO %s%s', privilege_type,
            CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
            CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
        )
        FROM pg_class, aclexplode(coalesce(relacl, acldefault('r', relowner)))
        WHERE pg_class.oid = 'order_line_items_v2'::regclass
        UNION ALL
        SELECT format(
            'GRANT %s (%I) ON order_line_items TO %s%s', privilege_type, attname,
            CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
            CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
        )
        FROM pg_attribute, aclexplode(attacl)
        WHERE attrelid = 'order_line_items_v2'::regclass AND NOT attisdropped
    LOOP
        EXECUTE statement;
    END LOOP;

    -- UPDATE … SET column = DEFAULT takes the view's own default, and NULL where it has none. Tools read comments and defaults, too.
    FOR statement IN
        SELECT format('ALTER VIEW order_line_items ALTER COLUMN %I SET DEFAULT %s', attname, pg_get_expr(adbin, adrelid))
        FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
        WHERE adrelid = 'order_line_items_v2'::regclass AND attgenerated = ''
        UNION ALL
        SELECT format('COMMENT ON VIEW order_line_items IS %L', obj_description('order_line_items_v2'::regclass, 'pg_class'))
        UNION ALL
        SELECT format('COMMENT ON COLUMN order_line_items.%I IS %L', attname, col_description(attrelid, attnum))
        FROM pg_attribute
        WHERE attrelid = 'order_line_items_v2'::regclass AND attnum > 0 AND col_description(attrelid, attnum) IS NOT NULL
    LOOP
        EXECUTE statement;
    END LOOP;

    INSERT INTO order_line_items_migration_log
    VALUES ('3 owner, grants, defaults and comments', began, 1000 * extract(epoch FROM clock_timestamp() - began));
    RAISE NOTICE 'order_line_items: 3 owner, grants, defaults and comments';
END $$;
