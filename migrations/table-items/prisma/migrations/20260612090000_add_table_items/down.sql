SET LOCAL lock_timeout = '500ms';

-- What was entered since is exported first, each entry with the name of its table. Where nothing was entered, nothing is left behind.
DO $$
DECLARE
  entered integer;
  names text;
  grantees text;
BEGIN
  -- No entry may come between the export and the end of the column.
  LOCK TABLE "tables" IN ACCESS EXCLUSIVE MODE;
  SELECT count(*), string_agg(format('%s / %s', r."name", t."name"), ', ' ORDER BY r."name", t."name")
    INTO entered, names
    FROM "tables" t JOIN "rooms" r ON r."id" = t."roomId"
    WHERE t."items" IS NOT NULL;
  IF entered > 0 THEN
    CREATE TABLE IF NOT EXISTS "table_items_export" (
      "tableId" TEXT NOT NULL,
      "tableName" TEXT NOT NULL,
      "roomName" TEXT NOT NULL,
      "items" JSONB NOT NULL,
      "exportedAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
    );
    -- Default privileges may open a new table to roles that cannot read "tables": the export is for its owner alone.
    SELECT string_agg(DISTINCT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END, ', ') INTO grantees
      FROM pg_class, aclexplode(relacl)
      WHERE pg_class.oid = '"table_items_export"'::regclass AND grantee <> relowner;
    IF grantees IS NOT NULL THEN
      EXECUTE format('REVOKE ALL ON "table_items_export" FROM %s', grantees);
    END IF;
    INSERT INTO "table_items_export" ("tableId", "tableName", "roomName", "items")
      SELECT t."id", t."name", r."name", t."items"
      FROM "tables" t JOIN "rooms" r ON r."id" = t."roomId"
      WHERE t."items" IS NOT NULL;
    RAISE NOTICE 'items of % tables were exported to "table_items_export": %', entered, names;
  END IF;
END $$;

ALTER TABLE "tables" DROP COLUMN "items";
