import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSources, verifyOn } from '../../../harness/history/index.ts'
import type { FindingResult, MigrationResult } from '../../../harness/result/index.ts'
import type { VerifyOptions } from '../../../harness/verify/index.ts'
import { useCluster } from '../../../harness/vitest/index.ts'

/** Verify a pair that is written in a spec; further files by their names. */
export async function verifyInline(
  legacy: string,
  up: string,
  {
    runs = 1,
    files = {},
    timeLimitMs,
    seed,
    invariants,
    minCoverage,
  }: {
    readonly runs?: number
    readonly files?: Readonly<Record<string, string>>
    readonly timeLimitMs?: number
    readonly seed?: string
    readonly invariants?: VerifyOptions['invariants']
    readonly minCoverage?: number
  } = {},
): Promise<MigrationResult> {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-inline-'))
  try {
    for (const [name, text] of Object.entries({ 'legacy.sql': legacy, 'up.sql': up, ...files })) writeFileSync(join(folder, name), text)
    const { result } = await verifyOn(
      await useCluster(),
      await readSources([folder], {}),
      { runs, timeLimitMs, seed, invariants, minCoverage },
      {},
    )
    const [migration] = result.migrations
    if (migration === undefined) throw new Error('no result')
    return migration
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** One change to one table `t`, told apart from the others by the name that it gets. */
export interface InlineCase {
  readonly legacy: string
  readonly up: string
  /** What is found about it by the invariant, in the words of `told`. */
  readonly found: readonly string[]
}

/** Verify many small cases in one migration, each about a table `t`; what is found about each, by its title. */
export async function verifyCases(
  invariant: string,
  cases: Readonly<Record<string, InlineCase>>,
  before = '',
): Promise<{ readonly found: ReadonlyMap<string, readonly string[]>; readonly result: MigrationResult }> {
  const named = Object.entries(cases).map(([title, { legacy, up }], at) => {
    const put = (sql: string) => sql.replaceAll(/(?<![a-zA-Z0-9])t(?![a-zA-Z0-9])/g, `t${at}`)
    return { title, table: `t${at}`, legacy: put(legacy), up: put(up) }
  })
  const all = (side: 'legacy' | 'up') => named.map((each) => each[side]).join(';\n')
  const result = await verifyInline(`${before};\n${all('legacy')}`, all('up'))
  const found = new Map(
    named.map(({ title, table }) => {
      const name = `(?<![a-zA-Z0-9])${table}(?![0-9])`
      const about = new RegExp(name)
      const own = result.findings.filter(
        (each) => each.invariant === invariant && about.test(`${each.relation} ${each.object} ${each.message}`),
      )
      return [title, own.map((each) => told(each).replaceAll(new RegExp(name, 'g'), 't')).toSorted()] as const
    }),
  )
  return { found, result }
}

/** `error gained anon public.t.a: why`. */
export function told({ severity, kind, message }: FindingResult): string {
  return `${severity} ${kind}: ${message}`
}
