import type { Catalog } from '../catalog/index.ts'
import {
  type BodyPlan,
  Coverage,
  calledFunctions,
  enumerateTargets,
  type LegacyFunction,
  madeStable,
  planBodies,
} from '../coverage/index.ts'
import type { Subject } from '../lineage/index.ts'
import type { Script } from '../migration/index.ts'
import type { RelationName, Session } from '../postgres/index.ts'
import { mentionsName, pathOf } from '../postgres/index.ts'
import { scriptsOf } from '../run/index.ts'

/**
 * What generated rows can reach in a migration.
 *
 * @param session  On the database just before `up`, to ask which functions are volatile.
 * @param migrated  As `up` left it on an empty database, where it did.
 */
export async function coverageOf(
  session: Session,
  subject: Subject,
  migrated: Catalog | undefined,
  reserved: (relation: RelationName) => boolean = () => false,
): Promise<Coverage> {
  const { up, down } = subject.migration
  const [ups, downs] = [scriptsOf(up), scriptsOf(down)]
  const called = calledFunctions([...ups, ...downs])
  const known =
    called.length === 0
      ? []
      : await session.query<{ name: string; safe: boolean; own: boolean }>(
          `SELECT proname AS name, pg_catalog.bool_and(provolatile <> 'v') AS safe, pg_catalog.bool_or(oid >= 16384) AS own FROM pg_catalog.pg_proc WHERE proname = ANY ($1) GROUP BY proname`,
          [called],
        )
  const safe = new Set([
    ...known.flatMap(({ name, safe: isSafe }) => (isSafe ? [name] : [])),
    ...[...ups, ...downs].flatMap(({ statements }) => madeStable(statements)),
  ])
  const isSafe = (name: string) => safe.has(name)
  return new Coverage(
    ups.flatMap((script) => enumerateTargets(script, 'up', { catalog: subject.legacy, isSafe })),
    migrated === undefined ? [] : downs.flatMap((script) => enumerateTargets(script, 'down', { catalog: migrated, isSafe })),
    known.some(({ own }) => own) || mayRunBodies(subject, [...ups, ...downs]) ? await bodiesOf(session, subject, reserved) : undefined,
  )
}

/** Whether a migration may run any body, beside functions that its statements name. */
function mayRunBodies({ legacy }: Subject, scripts: readonly Script[]): boolean {
  const text = scripts.map((script) => script.text).join('\n')
  return (
    scripts.some(({ statements }) => statements.some(({ node }) => /^(DoStmt|CreateFunctionStmt|CallStmt)$/.test(node))) ||
    [...legacy.relations.values()].some(({ name, triggers }) => triggers.length > 0 && mentionsName(text, name))
  )
}

/** Functions of the database itself, with their definitions; those of extensions and of the environment are not the user's. */
async function bodiesOf(session: Session, subject: Subject, reserved: (relation: RelationName) => boolean): Promise<BodyPlan | undefined> {
  const rows = await session.query<{
    schema: string
    name: string
    least: number
    most: number
    arguments: string
    definition: string
  }>(
    `SELECT n.nspname AS schema, p.proname AS name, p.pronargs - p.pronargdefaults - (p.provariadic <> 0)::int AS least,
            CASE WHEN p.provariadic <> 0 THEN 100 WHEN p.prokind = 'p' THEN coalesce(pg_catalog.array_length(p.proallargtypes, 1), p.pronargs) ELSE p.pronargs END AS most,
            pg_catalog.pg_get_function_identity_arguments(p.oid) AS arguments, pg_catalog.pg_get_functiondef(p.oid) AS definition
       FROM pg_catalog.pg_proc AS p
       JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
       JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
      WHERE p.oid >= 16384 AND p.prokind IN ('f', 'p') AND l.lanname NOT IN ('c', 'internal')
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e')
      ORDER BY n.nspname, p.proname, p.oid`,
  )
  const shared = (name: string) => rows.filter((each) => each.name === name).length > 1
  const functions = rows.map(
    (each): LegacyFunction => ({
      name: each.name,
      least: Number(each.least),
      most: Number(each.most),
      definition: each.definition,
      shown: `${pathOf(each)}${shared(each.name) ? `(${each.arguments})` : '()'}`,
      reserved: reserved(each),
    }),
  )
  const [up, down] = [subject.migration.up, subject.migration.down].map((step) => scriptsOf(step)[0])
  return planBodies({ up, down, legacy: subject.legacy, functions })
}
