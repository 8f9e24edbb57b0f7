import { literal } from './literal.ts'

/**
 * SQL that gives tables just made the protection of the store: its owner, its grants and no others (default privileges may give more), and row
 * security where it has it. Policies are about keys and values and cannot be taken over: without one, row security shows the rows to nobody but the
 * owner and to roles that bypass it.
 */
export function protectSql(store: string, tables: readonly string[]): string {
  return `DO $protect$ DECLARE
      made regclass;
      given record;
      source pg_class;
    BEGIN
      SELECT * INTO source FROM pg_class WHERE oid = ${literal(store)}::regclass;
      FOREACH made IN ARRAY ARRAY[${tables.map(literal).join(', ')}]::regclass[] LOOP
        BEGIN
          EXECUTE format('ALTER TABLE %s OWNER TO %s', made, source.relowner::regrole);
        EXCEPTION WHEN insufficient_privilege THEN
          EXECUTE format('GRANT ALL ON %s TO %s', made, source.relowner::regrole);
        END;
        FOR given IN
          SELECT DISTINCT grantee FROM pg_class, aclexplode(relacl) WHERE oid = made AND grantee NOT IN (relowner, source.relowner)
        LOOP
          EXECUTE format('REVOKE ALL ON %s FROM %s', made, CASE given.grantee WHEN 0 THEN 'PUBLIC' ELSE given.grantee::regrole::text END);
        END LOOP;
        FOR given IN SELECT grantee, privilege_type, is_grantable FROM aclexplode(source.relacl) WHERE grantee <> source.relowner LOOP
          EXECUTE format('GRANT %s ON %s TO %s %s', given.privilege_type, made,
            CASE given.grantee WHEN 0 THEN 'PUBLIC' ELSE given.grantee::regrole::text END, CASE WHEN given.is_grantable THEN 'WITH GRANT OPTION' END);
        END LOOP;
        IF source.relrowsecurity THEN EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', made); END IF;
        IF source.relforcerowsecurity THEN EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', made); END IF;
      END LOOP;
    END $protect$`
}
