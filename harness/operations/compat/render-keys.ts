import { quoteLiteral, type RelationName } from '../../postgres/index.ts'
import type { TablePlan } from './model.ts'
import { identifier, qualified } from './names.ts'
import { grantee, literalOf, regclass } from './render-rights.ts'

/** The function that a view calls for the next key of an identity column `BY DEFAULT`, by the old name of the column. */
export function keyFunctions({ columns, legacy, to }: TablePlan): ReadonlyMap<string, RelationName> {
  return new Map(
    columns.flatMap(({ attribute }) =>
      attribute.identity === 'by-default'
        ? [[attribute.name, { schema: to.schema, name: `next_${legacy.name}_${attribute.name}` }] as const]
        : [],
    ),
  )
}

/**
 * Functions that give the next key. An identity column asks nobody for rights on its sequence, the default of a view does: so the function
 * runs with the rights of its owner, for those who may write the table.
 */
export function renderKeyFunctions(plan: TablePlan): readonly string[] {
  const { to, sequences } = plan
  return [...keyFunctions(plan)].flatMap(([column, name]) => {
    const sequence = sequences.get(column)
    if (sequence === undefined) return []
    const moved = quoteLiteral(qualified({ ...sequence, schema: to.schema })).trimStart()
    return [
      `-- The next ${identifier(column)}: an identity column asks nobody for rights on its sequence, the default of a view does.
CREATE FUNCTION ${qualified(name)}() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = '' AS $$ SELECT nextval(${moved}) $$;`,
      renderFunctionRights(to, name, '()'),
    ]
  })
}

/** A function belongs to the owner of the table, and who may write the table may call it. */
export function renderFunctionRights(to: RelationName, name: RelationName, parameters: string): string {
  const own = `${literalOf(name)} || '${parameters}'`
  return `DO $rights$
DECLARE
    statement text;
BEGIN
    SELECT format('ALTER FUNCTION %s OWNER TO %I', ${own}, pg_get_userbyid(relowner)) INTO statement FROM pg_class WHERE oid = ${regclass(to)};
    EXECUTE statement;
    FOR statement IN
        SELECT format('REVOKE ALL ON FUNCTION %s FROM %s', ${own}, grantee)
        FROM (
            SELECT DISTINCT ${grantee} AS grantee
            FROM pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner))) WHERE pg_proc.oid = (${own})::regprocedure
        ) AS present
        UNION ALL
        SELECT format('GRANT EXECUTE ON FUNCTION %s TO %s', ${own}, grantee)
        FROM (
            SELECT DISTINCT ${grantee} AS grantee
            FROM (
                SELECT relacl AS rights, relowner FROM pg_class WHERE oid = ${regclass(to)}
                UNION ALL
                SELECT attacl, relowner FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE attrelid = ${regclass(to)}
            ) AS granted, aclexplode(coalesce(rights, acldefault('r', relowner)))
            WHERE privilege_type IN ('INSERT', 'UPDATE')
        ) AS writers
    LOOP
        EXECUTE statement;
    END LOOP;
END $rights$;`
}
