import {
  type Catalog,
  type CatalogObjects,
  catalogFingerprint,
  catalogShape,
  findAttribute,
  readCatalog,
  readObjects,
} from '../catalog/index.ts'
import { type Hints, type PlanMemory, planGeneration } from '../data/index.ts'
import type { Knowledge, Subject } from '../lineage/index.ts'
import { locateStatement, type Migration, readHints, type Script, type Step } from '../migration/index.ts'
import type { RelationName, Session } from '../postgres/index.ts'
import { CatalogCache, type Depth, leavesOneSchema, reachedRelations, reachOf, scriptsOf, storedRelations } from '../run/index.ts'

export interface PrepareOptions {
  /** Which relations are filled: all, or those that the migration can reach. */
  readonly scope?: Depth['scope'] | undefined
  /** Relations that a run was seen to reach beside those. */
  readonly also?: ReadonlySet<string> | undefined
  /** Attributes that were seen to say how often something is repeated, beside those that the SQL shows. */
  readonly counted?: Hints['counted']
  readonly sized?: Hints['sized']
  /** Texts that were seen to be let in, where a function refuses others. */
  readonly shaped?: Hints['shaped']
  readonly memory?: PlanMemory | undefined
  /** Objects read earlier, by fingerprint. */
  readonly objects?: Map<string, CatalogObjects> | undefined
  /** Relations that are not the user's own. */
  readonly reserved?: ((relation: RelationName) => boolean) | undefined
  /** False where nobody misses a down. */
  readonly downsUsed?: boolean | undefined
  /** As it was just read. */
  readonly catalog?: Catalog | undefined
}

/** The SQL of a step, or what a program was seen to send. */
function seenOf(step: Step | undefined): readonly Script[] {
  return step?.kind === 'program' && step.sends !== undefined ? [step.sends] : scriptsOf(step)
}

/** What the SQL tells of rows, with the constants of a program: nothing says which attribute it compares with them. */
function hintsOf({ up, down }: Migration, scripts: Parameters<typeof readHints>): Hints {
  const hints = readHints(...scripts)
  const constants = [up, down].flatMap((step) => (step?.kind === 'program' ? (step.constants ?? []) : []))
  if (constants.length === 0) return hints
  const literals = constants.map((constant) => ({
    ...constant,
    relation: undefined,
    attribute: undefined,
    ordered: constant.kind === 'number',
    pattern: undefined,
  }))
  return { ...hints, literals: [...hints.literals, ...literals] }
}

/** Read the legacy database and everything that the parsed SQL tells about a migration; no run has been made yet. */
export async function prepareSubject(session: Session, migration: Migration, options: PrepareOptions = {}): Promise<Subject> {
  const legacy = options.catalog ?? (await readCatalog(session))
  const compared = migration.down !== undefined || migration.contract.idempotent === true
  const fingerprint = compared ? await catalogFingerprint(session) : await catalogShape(session)
  const known = options.objects ?? new Map<string, CatalogObjects>()
  if (compared && !known.has(fingerprint)) known.set(fingerprint, await readObjects(session))
  const [up, down] = [seenOf(migration.up), seenOf(migration.down)]
  const isProgram = [migration.up, migration.down].some((each) => each?.kind === 'program')
  const functions = (
    await session.query<{ schema: string; name: string; source: string }>(
      `SELECT pronamespace::regnamespace::text AS schema, proname AS name, coalesce(pg_catalog.pg_get_function_sqlbody(oid), prosrc) AS source FROM pg_catalog.pg_proc WHERE oid >= 16384 AND prolang IN (SELECT l.oid FROM pg_catalog.pg_language AS l WHERE l.lanname IN ('sql', 'plpgsql'))`,
    )
  ).filter((each) => options.reserved?.(each) !== true)
  const read = hintsOf(migration, [[...up, ...down], legacy, up.length, functions])
  const hints = { ...read, counted: [...(read.counted ?? []), ...(options.counted ?? [])], sized: options.sized, shaped: options.shaped }
  const scope = scopeOf(functions, legacy, { ...hints, writesRows: reachOf(migration.up, legacy) === 'rows' }, [...up, ...down], {
    ...options,
    scope: isProgram ? 'all' : options.scope,
    also: new Set([
      ...(options.also ?? []),
      ...(migration.contract.mappings ?? []).flatMap(({ from }) => findAttribute(legacy, from)?.relation ?? []),
    ]),
  })
  const relations = options.scope === 'reached' ? [...scope] : undefined
  const plan = await planGeneration(session, legacy, hints, options.memory, { relations, rowsStay: true })
  const declared = (migration.contract.references ?? []).flatMap(({ from, to }) => {
    const [child, parent] = [findAttribute(legacy, from), findAttribute(legacy, to)]
    return child === undefined || parent === undefined ? [] : [{ from: child, to: parent }]
  })
  return {
    migration,
    legacy,
    fingerprint,
    hints,
    plan,
    scope,
    catalogs: new CatalogCache({
      legacy: { catalog: legacy, fingerprint },
      objects: known,
      compared,
      oneSchema: leavesOneSchema([migration.up, migration.down], functions),
    }),
    takesRows: new Set(),
    plans: new Map(),
    knowledge: {
      lineage: undefined,
      discards: migration.contract.discards ?? [],
      softReferences: [...hints.softReferences, ...declared],
      written: new Set(),
      hasDown: migration.down !== undefined,
      downsUsed: options.downsUsed,
      volatile: new Set(),
      locate: locator(up),
      locateDown: locator(down),
    },
  }
}

function scopeOf(
  functions: readonly { readonly name: string; readonly source: string }[],
  legacy: Catalog,
  { softReferences, writesRows }: Pick<Hints, 'softReferences'> & { readonly writesRows: boolean },
  scripts: readonly Script[],
  options: PrepareOptions,
): ReadonlySet<string> {
  const stored = storedRelations(legacy).filter((path) => {
    const relation = legacy.relations.get(path)
    return relation === undefined || options.reserved?.(relation) !== true
  })
  if (options.scope !== 'reached') return new Set(stored)
  const reached = reachedRelations(scripts, legacy, functions)
  if (reached === undefined) return new Set(stored)
  // What a view joins with a relation whose rows may change has to find them afterwards.
  const joined = softReferences.flatMap(({ from, to }) =>
    reached.has(from.relation) || reached.has(to.relation) ? [from.relation, to.relation] : [],
  )
  const also = new Set([...(options.also ?? []), ...(writesRows ? joined : [])])
  return new Set(stored.filter((path) => reached.has(path) || also.has(path)))
}

/** Finds where a script touches something. Remembers answers: every run asks the same, and an answer takes a walk through all bodies. */
function locator(scripts: readonly Script[]): Knowledge['locate'] {
  const known = new Map<string, { readonly file: string; readonly line: number } | undefined>()
  return (relation, attribute, effects) => {
    const key = JSON.stringify([relation, attribute, effects])
    if (known.has(key)) return known.get(key)
    const statement = locateStatement(scripts, { relation, attribute, effects })
    const place = statement === undefined ? undefined : { file: statement.file, line: statement.line }
    known.set(key, place)
    return place
  }
}
