import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median } from 'simple-statistics'
import type { GrowthSeen } from '../../../harness/invariants/no-degradation/model.ts'
import type { FindingResult, InvariantResult } from '../../../harness/result/index.ts'
import type { VerifyOptions } from '../../../harness/verify/index.ts'
import { verifyShared } from '../../../harness/vitest/index.ts'

export type Timed = Awaited<ReturnType<typeof timedMigration>>

/** The same, measured longer and longer until noise no longer hides it: the machine may do something else too. */
export async function decidedMigration(...[legacy, up, options]: Parameters<typeof timedMigration>): Promise<Timed> {
  for (const seconds of [5, 15, 45]) {
    const timed = await timedMigration(legacy, up, { ...options, seconds })
    if (timed.invariant?.verdict !== 'unknown') return timed
  }
  return timedMigration(legacy, up, { ...options, seconds: 120 })
}

export function medianOf(values: readonly number[]): number {
  return median([...values])
}

/** What `no-degradation` says of a migration that is written down for one spec. */
export async function timedMigration(
  legacy: string,
  up: string,
  { contract, ...performance }: NonNullable<VerifyOptions['performance']> & { readonly contract?: string } = {},
): Promise<{
  readonly invariant: InvariantResult | undefined
  readonly findings: readonly FindingResult[]
  /** `slower read of public.orders`, information left out. */
  readonly told: readonly string[]
  readonly notChecked: readonly string[]
  /** Undefined where growth was not measured. */
  readonly growth: Pick<GrowthSeen, 'exponent' | 'predicted' | 'passes' | 'statements' | 'spills'> | undefined
  /** Each statement with its figures, as reports show them. */
  readonly measured: readonly { readonly statement: string; readonly as?: string }[]
}> {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-timed-'))
  try {
    for (const [name, text] of Object.entries({ legacy, up })) writeFileSync(join(folder, `${name}.sql`), text)
    if (contract !== undefined) writeFileSync(join(folder, 'contract.ts'), `export default ${contract}`)
    const { result } = await verifyShared(folder, { runs: 1, performance: { rows: 2000, seconds: 5, growth: false, ...performance } })
    const [migration] = result.migrations
    const findings = (migration?.findings ?? []).filter((each) => each.invariant === 'no-degradation')
    return {
      invariant: migration?.invariants.find((each) => each.id === 'no-degradation'),
      findings,
      told: findings.flatMap(({ kind, severity, object }) => (severity === 'info' ? [] : [`${kind} ${object}`])),
      measured: (findings.find(({ kind }) => kind === 'measured')?.evidence.statements ?? []) as readonly {
        statement: string
        as?: string
      }[],
      growth: findings.find(({ kind }) => kind === 'growth')?.evidence as GrowthSeen | undefined,
      notChecked: (migration?.notChecked ?? []).filter((each) => each.startsWith('no-degradation')),
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
