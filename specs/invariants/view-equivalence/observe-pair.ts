import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readCatalog } from '../../../harness/catalog/index.ts'
import { readPair } from '../../../harness/formats/index.ts'
import { findingsIn, viewEquivalence } from '../../../harness/invariants/index.ts'
import { observeEquivalence } from '../../../harness/invariants/view-equivalence/observe-equivalence.ts'
import type { Finding } from '../../../harness/result/index.ts'
import { onPairBase } from '../../../harness/run/base.ts'
import { CloneStages } from '../../../harness/run/stage.ts'
import { prepareSubject } from '../../../harness/verify/prepare.ts'
import { useCluster } from '../../../harness/vitest/index.ts'

/** What is seen of one migration. */
export interface Seen {
  /** Divergences and limits, `severity kind relation.attribute (object)`. */
  readonly found: readonly string[]
  readonly findings: readonly Finding[]
  readonly outcome: string
  readonly because: string | undefined
  readonly sequences: number
  readonly statements: number
  readonly succeeded: number
  readonly changes: number
  readonly undetermined: number
}

/** Compare the tables of a legacy schema with the views that `up` puts in their places. */
export async function observePair(sql: { readonly legacy: string; readonly up: string }, sequences: number, seed = 'views'): Promise<Seen> {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-views-'))
  try {
    for (const [name, text] of Object.entries(sql)) writeFileSync(join(folder, `${name}.sql`), text)
    return await onPairBase(await useCluster(), await readPair(folder), {}, async (base, migration) => {
      const subject = await prepareSubject(base.session(), migration, { scope: 'all' })
      const clones = new CloneStages(base)
      const migrated = await clones.run(async (stage) => {
        const up = await stage.apply(migration.up)
        if (up.outcome === 'failed') throw new Error(up.failure.message)
        return await stage.look(readCatalog)
      })
      const observed = await observeEquivalence(subject, clones, migrated, {
        seed,
        role: base.role,
        sequences,
        exclusions: [],
        deadline: Number.POSITIVE_INFINITY,
        signal: undefined,
      })
      const observations = observed.map((each) => each.observation)
      const verdicts = observations.map((each) => viewEquivalence.judge(each, { ...subject.knowledge, locate: () => undefined }))
      const findings = verdicts.flatMap(findingsIn)
      const total = (of: 'sequences' | 'statements' | 'succeeded' | 'changes' | 'undetermined') =>
        observations.reduce((sum, each) => sum + each[of], 0)
      return {
        found: findings.map(
          ({ severity, kind, relation, attribute, object }) =>
            `${severity} ${kind} ${relation}${attribute === undefined ? '' : `.${attribute}`}${object === undefined ? '' : ` (${object})`}`,
        ),
        findings,
        outcome:
          verdicts.length === 0
            ? 'not-applicable'
            : (['violated', 'unknown', 'holds'].find((each) => verdicts.some(({ outcome }) => outcome === each)) ?? ''),
        because: verdicts.flatMap((each) => (each.outcome === 'unknown' ? [each.because] : []))[0],
        sequences: total('sequences'),
        statements: total('statements'),
        succeeded: total('succeeded'),
        changes: total('changes'),
        undetermined: total('undetermined'),
      }
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}
