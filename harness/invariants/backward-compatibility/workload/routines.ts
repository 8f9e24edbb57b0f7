import { pathOf, type Session } from '../../../postgres/index.ts'
import type { Routine } from '../model.ts'

// The range constructors come and go with their type; what returns a trigger no client can call.
const query = `
  SELECT n.nspname, p.proname, pg_catalog.oidvectortypes(p.proargtypes), coalesce(pg_catalog.pg_get_function_result(p.oid), '')
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
   WHERE p.oid >= 16384 AND p.prorettype NOT IN ('pg_catalog.trigger'::pg_catalog.regtype, 'pg_catalog.event_trigger'::pg_catalog.regtype)
     AND n.nspname !~ '^pg_' AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype IN ('e', 'i'))`

/** The functions and procedures that a client can call, by signature. */
export async function readRoutines(session: Session): Promise<readonly Routine[]> {
  const [result] = await session.script(query)
  return (result?.rows ?? []).map(([schema, name, parameters, returns]) => {
    const path = pathOf({ schema: schema ?? '', name: name ?? '' })
    return { name: path, path: `${path}(${parameters ?? ''})`, result: returns ?? '' }
  })
}
