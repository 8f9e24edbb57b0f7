import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readCatalog } from '../../../harness/catalog/index.ts'
import { bandedDataset, drawStatements, noHints, planGeneration, seedDataset, statementForms } from '../../../harness/data/index.ts'
import { deriveStatements, type WorkloadStatement } from '../../../harness/invariants/backward-compatibility/workload/derive-statements.ts'
import { insertCandidates } from '../../../harness/invariants/backward-compatibility/workload/insert-candidates.ts'
import { replayStatements } from '../../../harness/invariants/backward-compatibility/workload/replay-statements.ts'
import { backwardCompatibility } from '../../../harness/invariants/index.ts'
import type { Knowledge } from '../../../harness/lineage/index.ts'
import type { Session } from '../../../harness/postgres/index.ts'
import type { RunObservation } from '../../../harness/run/index.ts'
import { readRows } from '../../../harness/snapshot/index.ts'
import { useCluster } from '../../../harness/vitest/index.ts'
import { type AdditiveCase, additiveCase } from './additive-arbitrary.ts'

/** A case is one legacy statement before and after one change. `GODWIT_CASES=10000` tries so many. */
const wanted = Number(process.env.GODWIT_CASES ?? 1000)
/** So many at least come of one schema, on average. */
const perSchema = 40

test('adding a nullable column, a table, an index, or a rule that others imply is invisible to any legacy statement', {
  timeout: 900_000,
}, async () => {
  const cluster = await useCluster()
  await using database = await cluster.createDatabase()
  await using session = await database.connect()
  const tried = { cases: 0, answered: 0, schemas: 0, changes: new Map<string, number>() }
  await fc.assert(
    fc.asyncProperty(additiveCase, async (each) => {
      if (tried.cases >= wanted) return
      await session.script('BEGIN')
      try {
        await holds(session, each, tried)
      } finally {
        await session.script('ROLLBACK')
      }
    }),
    { numRuns: Math.ceil(wanted / perSchema) },
  )
  const changes = [...tried.changes].map(([kind, count]) => `${kind} ${count}`).join(', ')
  console.log(
    `${tried.cases} cases over ${tried.schemas} schemas (${tried.answered} answered with rows or counts, the rest with errors): ${changes}; seed ${fc.readConfigureGlobal().seed}`,
  )
  expect(tried.cases).toBeGreaterThanOrEqual(wanted)
})

async function holds(
  session: Session,
  { tables, schema, changes, seed }: AdditiveCase,
  tried: { cases: number; answered: number; schemas: number; changes: Map<string, number> },
): Promise<void> {
  await session.script(schema)
  const legacy = await readCatalog(session)
  const plan = await planGeneration(session, legacy, noHints)
  const held = bandedDataset(plan, { seed, rows: 6, variant: 0 })
  await seedDataset(session, plan, held)
  const state = { catalog: legacy, rows: await readRows(session, legacy, tables) }
  const statements = tables.flatMap((path) => {
    const relation = legacy.relations.get(path)
    if (relation === undefined) return []
    const derived = deriveStatements(state, relation, insertCandidates(state, relation, undefined))
    const forms = new Set(statementForms.filter((form) => !['truncate', 'lock', 'copy from', 'copy to'].includes(form)))
    const drawn = drawStatements(plan, { relation: path, neighbours: [], held, forms, seed, count: 4, longest: 4 })
    return [
      ...derived.sure,
      ...derived.inserts.flat().slice(0, 2),
      ...drawn.flatMap((one) => one.statements.flatMap((statement) => asked(statement.parts, path))),
    ]
  })
  const before = await replayStatements(session, statements)
  const again = await replayStatements(session, statements)
  tried.schemas += 1
  for (const { kind, sql } of changes) {
    await session.script(`SAVEPOINT change; ${sql}`)
    const after = await replayStatements(session, statements)
    const migrated = await readCatalog(session)
    await session.script('ROLLBACK TO SAVEPOINT change')
    const run = {
      legacy: { catalog: legacy, rows: new Map() },
      migrated: { catalog: migrated, rows: new Map() },
    } as unknown as RunObservation
    const replayed = statements.flatMap((statement, at) => {
      const [was, then, now] = [before[at], again[at], after[at]]
      // Two answers of the legacy database that differ leave nothing to compare.
      if (was === undefined || now === undefined || JSON.stringify(was) !== JSON.stringify(then)) return []
      if (was.own.outcome === 'answered') tried.answered += 1
      const readBack = was.readBack === undefined || now.readBack === undefined ? undefined : { before: was.readBack, after: now.readBack }
      return [{ ...statement, before: was.own, after: now.own, readBack, unsteady: new Set(statement.unsteady) }]
    })
    tried.cases += replayed.length
    tried.changes.set(kind, (tried.changes.get(kind) ?? 0) + replayed.length)
    const verdict = backwardCompatibility.judge(
      {
        workload: { run, statements: replayed, given: false, seeded: new Map(), routines: { before: [], after: [] } },
        access: { because: '' },
        definitions: { because: '' },
      },
      knowledge,
    )
    expect([kind, sql, verdict]).toEqual([kind, sql, { outcome: 'holds', saw: expect.anything(), notes: [] }])
  }
}

const knowledge: Knowledge = {
  lineage: undefined,
  discards: [],
  softReferences: [],
  written: new Set(),
  hasDown: false,
  volatile: new Set(),
  locate: () => undefined,
  locateDown: () => undefined,
}

/** What can be sent in one message, and does not take a row as one value: that has a column more, and is meant to. */
function asked(parts: readonly string[], relation: string): readonly WorkloadStatement[] {
  const [sql] = parts
  if (sql === undefined || parts.length !== 1 || /\b(SELECT|RETURNING) t\b(?!\.)/.test(sql)) return []
  const operation = ({ SELECT: 'read', INSERT: 'insert', UPDATE: 'update', DELETE: 'delete' } as const)[sql.slice(0, 6)] ?? 'statement'
  return [{ operation, given: false, name: sql.slice(0, 40), relation, attributes: [], sql, readBack: undefined, unsteady: [] }]
}
