import fc from 'fast-check'
import { InputError } from 'godwit'
import { claim, useCluster } from 'godwit/vitest'
import { describe, expect } from 'vitest'
import { type GeneratedCompat, generateOn, readTarget } from '../../harness/operations/compat/generate.ts'
import { parseMapping } from '../../harness/operations/compat/read-mapping.ts'
import { writtenFiles } from '../harness/history/written-history.ts'
import { kinds, type MovedTable, movedTable } from './moved-table.ts'
import { differencesOf } from './table-and-view.ts'

/** Tables with mappings: few in the gate, `GODWIT_COMPAT_CASES=2000` for a soak. */
const cases = Number(process.env.GODWIT_COMPAT_CASES ?? 2)
/** With the seed, the path that a failed run prints: that case alone. */
const path = process.env.GODWIT_COMPAT_PATH

describe('compat-views, the generator', () => {
  claim('CV-1', 'any table with any mapping is equivalent behind its view, or refused', { timeout: cases * 60_000 + 60_000 }, async () => {
    const counted: Counted = new Map()
    const count = (kind: string, outcome: Outcome) => {
      const before = counted.get(kind) ?? { equivalent: 0, refused: 0 }
      counted.set(kind, { ...before, [outcome]: before[outcome] + 1 })
    }
    let judged = 0
    await fc.assert(
      fc.asyncProperty(movedTable, fc.nat(), async (table, seed) => {
        const made = await generated(table)
        const outcome = made instanceof InputError || made.verdict !== 'holds' ? 'refused' : 'equivalent'
        judged += 1
        for (const kind of ['table', ...table.kinds]) count(kind, outcome)
        if (judged % 25 === 0) tell(counted)
        if (table.expected !== 'either') expect([table.expected, whyOf(made)]).toEqual([outcome, whyOf(made)])
        if (made instanceof InputError || outcome === 'refused') return
        const [up = '', down = ''] = ['things.sql', 'down.sql'].map((name) => made.files.find(({ file }) => file.endsWith(name))?.text)
        expect([up, down].map((text) => text.includes('DROP VIEW'))).toEqual([false, true])
        expect(await differencesOf(await useCluster(), table, { up, down }, seed)).toEqual([])
      }),
      { numRuns: cases, endOnFailure: true, ...(path === undefined ? {} : { path }) },
    )
    tell(counted)
    if (cases < 50 || path !== undefined) return
    for (const kind of kinds)
      expect([kind, Math.min(counted.get(kind)?.equivalent ?? 0, counted.get(kind)?.refused ?? 0) > cases / 20]).toEqual([kind, true])
  })
})

async function generated(table: MovedTable): Promise<GeneratedCompat | InputError> {
  // A history and no pair: what stands in one transaction and cannot vary is not tried again and again.
  await using folder = await writtenFiles({ '001_things.sql': `${table.legacy};` })
  const options = { runs: 4 }
  const request = { path: folder.path, options, hooks: {}, now: new Date(0), dryRun: true }
  return await generateOn(
    await useCluster(),
    await readTarget(folder.path, options),
    parseMapping(table.mapping, 'mapping.json'),
    request,
  ).catch((error: unknown) => {
    if (!(error instanceof InputError)) throw error
    return error
  })
}

type Outcome = 'equivalent' | 'refused'
/** How many tables with each kind of mapping; `table` for all. */
type Counted = Map<string, Readonly<Record<Outcome, number>>>

/** How far it is, with what draws the same cases again. */
function tell(counted: Counted): void {
  const { seed } = fc.readConfigureGlobal()
  const parts = [...counted].map(([kind, { equivalent, refused }]) => `${kind} ${equivalent} equivalent, ${refused} refused`)
  process.stdout.write(`CV-1: ${parts.join('; ')}; GODWIT_SEED=${seed} GODWIT_COMPAT_CASES=${cases}\n`)
}

/** Why it was refused, for the message of a failed run. */
function whyOf(made: GeneratedCompat | InputError): unknown {
  if (made instanceof InputError) return made.message
  const { examples, findings, invariants } = made
  return {
    examples,
    findings: findings
      .filter(({ severity, invariant }) => severity === 'error' || (severity === 'warning' && invariant === 'access-parity'))
      .map(({ invariant, message }) => `${invariant}: ${message}`),
    open: invariants.filter(({ verdict }) => verdict === 'unknown'),
  }
}
