import { type Catalog, readCatalog } from '../../catalog/index.ts'
import { type DrawnStatements, runInLockstep, type Statement } from '../../data/index.ts'
import type { Subject } from '../../lineage/index.ts'
import type { Base, CloneStages } from '../../run/index.ts'
import { type Filling, fillStage, storedRelations } from '../../run/index.ts'
import { type CompareOptions, type Comparison, compareHistories } from './compare-histories.ts'
import { type ReplacedTable, replacedTables } from './replaced-tables.ts'
import { Side } from './side.ts'

/** A table and the view in its place, each in a database of its own with the same rows. */
export interface Lockstep {
  readonly replaced: ReplacedTable
  readonly table: Side
  readonly view: Side
  /** Relations with a foreign key to the table or from it that are there under the same name on both sides. */
  readonly neighbours: readonly string[]
  /** Of the server. */
  readonly major: number
  /** Names of the constraints of the migrated database. */
  readonly constraints: ReadonlySet<string>
}

/** Most relations whose rows are compared after each statement. */
const mostRead = 12

/**
 * Fill two clones with the same rows, migrate one, and work on the tables that are views there.
 *
 * @returns What `work` makes of them; why not, where `up` does not go through.
 */
export async function inLockstep<Result>(
  subject: Subject,
  clones: CloneStages,
  { filling, role, signal }: { readonly filling: Filling; readonly role: Base['role']; readonly signal: AbortSignal | undefined },
  work: (pairs: readonly Lockstep[]) => Promise<Result>,
): Promise<{ readonly outcome: 'worked'; readonly result: Result } | { readonly outcome: 'failed'; readonly because: string }> {
  return clones.run((legacy) =>
    clones.run(async (migrated) => {
      await fillStage(subject, legacy, filling)
      await fillStage(subject, migrated, filling)
      const up = await migrated.apply(subject.migration.up, { signal })
      if (up.outcome === 'failed') return { outcome: 'failed', because: `up failed: ${up.failure.message} (${up.failure.sqlstate})` }
      const [table, view] = [await legacy.look(async (session) => session), await migrated.look(async (session) => session)]
      const catalog = await readCatalog(view)
      const pairs = replacedTables(subject.legacy, catalog).map((replaced): Lockstep => {
        const neighbours = neighboursOf(subject.legacy, replaced.path).filter((path) => hasSame(subject.legacy, catalog, path))
        const others = storedRelations(subject.legacy).filter(
          (path) =>
            path !== replaced.path && !neighbours.includes(path) && subject.scope.has(path) && hasSame(subject.legacy, catalog, path),
        )
        const read = [replaced.path, ...neighbours, ...others].slice(0, mostRead).flatMap((path) => {
          const relation = subject.legacy.relations.get(path)
          return relation === undefined ? [] : [[path, relation] as const]
        })
        return {
          replaced,
          table: new Side(table, { role, catalog: subject.legacy, read }),
          view: new Side(view, { role, catalog, read }),
          neighbours,
          major: catalog.version.major,
          constraints: new Set(
            [...catalog.relations.values()].flatMap((each) => [...each.constraints, ...each.indexes].map(({ name }) => name)),
          ),
        }
      })
      return { outcome: 'worked', result: await work(pairs) }
    }),
  )
}

/**
 * Send the same statements to both sides, as fast-check runs commands on a model and the real thing, and compare; where the answers differ,
 * the table is asked once more what varies by itself.
 */
export async function compareOn(
  pair: Lockstep,
  commands: DrawnStatements['commands'],
  ignore: ReadonlySet<string>,
): Promise<{ readonly comparison: Comparison; readonly seen: Seen; readonly statements: readonly Statement[] }> {
  const options: CompareOptions = {
    relation: pair.replaced.path,
    ignore,
    constraints: pair.constraints,
    anyViolation: pair.replaced.view.triggers.length > 0,
  }
  const { table, view, statements } = await runBoth(pair, commands)
  const seen = seenIn(table)
  const exact = compareHistories(table, view, undefined, options)
  if (exact.outcome !== 'diverges') return { comparison: exact, seen, statements }
  return { comparison: compareHistories(table, view, await pair.table.run(statements, { ahead: true }), options), seen, statements }
}

async function runBoth(pair: Lockstep, commands: DrawnStatements['commands']) {
  await using view = await pair.view.begin()
  await using table = await pair.table.begin({ beside: view })
  await runInLockstep(commands, table, view)
  const [own, other] = await Promise.all([table.history(), view.history()])
  return { table: own, view: other, statements: table.statements }
}

/** How much the table carried out: what a comparison is worth. */
export interface Seen {
  readonly succeeded: number
  readonly changes: number
  readonly rows: number
  readonly cells: number
}

function seenIn({ initial, answers }: Awaited<ReturnType<Side['run']>>): Seen {
  let [succeeded, changes, rows, cells] = [0, 0, 0, 0]
  let before = JSON.stringify([...initial])
  for (const { error, results, contents } of answers) {
    if (error === undefined) succeeded += 1
    const after = JSON.stringify([...contents])
    if (after !== before) changes += 1
    before = after
    for (const table of [...results.map((each) => each.rows), ...[...contents.values()].map((each) => each.rows)]) {
      rows += table.length
      cells += table.length * (table[0]?.length ?? 0)
    }
  }
  return { succeeded, changes, rows, cells }
}

function neighboursOf(catalog: Catalog, path: string): readonly string[] {
  const referring = storedRelations(catalog).filter((each) =>
    catalog.relations.get(each)?.constraints.some((constraint) => constraint.references?.relation === path),
  )
  const referred = catalog.relations.get(path)?.constraints.flatMap((each) => each.references?.relation ?? []) ?? []
  return [...new Set([...referring, ...referred])].filter((each) => each !== path)
}

function hasSame(legacy: Catalog, migrated: Catalog, path: string): boolean {
  const names = new Set(migrated.relations.get(path)?.attributes.map((each) => each.name))
  return legacy.relations.get(path)?.attributes.every((each) => names.has(each.name)) === true
}
