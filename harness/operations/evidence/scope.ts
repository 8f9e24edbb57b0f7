import type { Catalog } from '../../catalog/index.ts'
import type { Source } from '../../formats/index.ts'
import type { Contract, Measure, Script, Step } from '../../migration/index.ts'
import type { Session } from '../../postgres/index.ts'
import { reachedRelations, scriptsOf } from '../../run/index.ts'

/** A migration that evidence is taken for. */
export interface EvidenceMigration {
  readonly name: string
  /** Hex sha256 of its files. */
  readonly digest: string
  readonly scripts: readonly Script[]
  /** Whether its tables are not known, because it is no SQL. */
  readonly opaque: boolean
  readonly measures: readonly Measure[]
  /** What makes the legacy schema; only a pair has it. */
  readonly legacy: readonly Script[]
}

/**
 * The migrations of sources.
 *
 * @param names  Of those that are wanted.
 * @param contracts  Of steps of a history, by name, as the configuration has them.
 */
export function migrationsIn(
  sources: readonly Source[],
  names: ReadonlySet<string>,
  contracts: Readonly<Record<string, Contract>> = {},
): readonly EvidenceMigration[] {
  const all = sources.flatMap((source): readonly EvidenceMigration[] => {
    if (source.kind === 'command') return [{ name: source.command.up, digest: '', scripts: [], opaque: true, measures: [], legacy: [] }]
    if (source.kind === 'pairs')
      return source.migrations.map(({ migration: { name, digest, up, down, contract, legacy } }) => {
        return { name, digest, legacy, ...scriptsIn([up, down]), measures: contract.measures ?? [] }
      })
    return source.history.steps.map(({ name, digest, up, down, contract }) => {
      const steps = up.kind === 'opaque' ? [down] : [up, down]
      const { scripts, opaque } = scriptsIn(steps)
      const { measures = [] } = { ...contract, ...contracts[name] }
      return { name, digest, scripts, opaque: opaque || up.kind === 'opaque', measures, legacy: [] }
    })
  })
  return all.filter(({ name, opaque, digest }) => names.has(name) || (opaque && digest === ''))
}

function scriptsIn(steps: readonly (Step | undefined)[]): Pick<EvidenceMigration, 'scripts' | 'opaque'> {
  return { scripts: steps.flatMap(scriptsOf), opaque: steps.some((step) => step?.kind === 'program') }
}

/** The tables of a catalog that hold rows of their own, partitions included. */
export function storedTables(catalog: Catalog): readonly string[] {
  return [...catalog.relations].flatMap(([path, { kind, persistence }]) => (kind === 'table' && persistence !== 'temporary' ? [path] : []))
}

/** The tables of a catalog that have their rows on other servers. */
export function foreignTables(catalog: Catalog): readonly string[] {
  return [...catalog.relations].flatMap(([path, { kind }]) => (kind === 'foreign-table' ? [path] : []))
}

/**
 * The tables that the migrations can write, and the foreign tables: more than they do write, never fewer. Where the SQL does not show what is
 * written, all of them.
 */
export async function reachedTables(
  session: Session,
  catalog: Catalog,
  migrations: readonly EvidenceMigration[],
): Promise<{ readonly tables: readonly string[]; readonly foreign: readonly string[]; readonly because: string | undefined }> {
  const stored = storedTables(catalog)
  const foreign = foreignTables(catalog)
  const program = migrations.find(({ opaque }) => opaque)
  if (program !== undefined)
    return { tables: stored, foreign, because: `${program.name} is a program, and nobody knows which tables it writes` }
  const functions = await session.query<{ name: string; source: string }>(
    `SELECT proname AS name, coalesce(pg_catalog.pg_get_function_sqlbody(oid), prosrc) AS source FROM pg_catalog.pg_proc
     WHERE oid >= 16384 AND prolang IN (SELECT l.oid FROM pg_catalog.pg_language AS l WHERE l.lanname IN ('sql', 'plpgsql'))`,
  )
  const reached = reachedRelations(
    migrations.flatMap(({ scripts }) => scripts),
    catalog,
    functions,
  )
  if (reached === undefined) return { tables: stored, foreign, because: 'the migration makes up names of tables at run time' }
  const isReached = (path: string) => reached.has(path)
  return { tables: stored.filter(isReached), foreign: foreign.filter(isReached), because: undefined }
}
