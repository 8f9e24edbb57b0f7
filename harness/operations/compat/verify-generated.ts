import type { Source } from '../../formats/index.ts'
import { verifyOn } from '../../history/index.ts'
import { type Contract, parseScript, type Step, shownPath } from '../../migration/index.ts'
import type { Cluster } from '../../postgres/index.ts'
import type { MigrationResult } from '../../result/index.ts'
import { sha256 } from '../../run/index.ts'
import type { VerifyHooks, VerifyOptions } from '../../verify/index.ts'
import type { Layout, Texts } from './files.ts'

/** A migration that is no file yet. */
export interface Candidate {
  readonly layout: Layout
  readonly texts: Texts
  readonly contract: Contract
}

/** Judge a migration in the place where it would stand, by every invariant, before it is written. */
export async function verifyCandidate(
  cluster: Cluster,
  source: Source,
  candidate: Candidate,
  options: VerifyOptions,
  hooks: VerifyHooks,
): Promise<MigrationResult> {
  const { layout } = candidate
  // A verdict from the cache would be one of files that were there.
  const asked = { ...options, only: undefined, since: undefined, cacheDirectory: undefined }
  const only = source.kind === 'history' ? { only: [layout.name] } : {}
  const { result } = await verifyOn(cluster, [withStep(source, candidate)], { ...asked, ...only }, hooks)
  const found = result.migrations.find((each) => each.name === layout.name)
  if (found === undefined) throw new Error(`the generated step "${layout.name}" was not verified`)
  return found
}

function withStep(source: Source, { layout, texts, contract }: Candidate): Source {
  const { name, version, path } = layout
  const step = (file: string, text: string): Step => ({
    kind: 'sql',
    script: parseScript(shownPath(`${path}/${file}`), text, { mode: layout.mode }),
  })
  const parts = {
    up: step('up.sql', texts.up),
    down: step('down.sql', texts.down),
    contract,
    digest: sha256(`${texts.up}\u0000${texts.down}`),
  }
  if (source.kind === 'pairs') {
    const migrations = source.migrations.map((each) => ({ ...each, migration: { ...each.migration, name, ...parts } }))
    return { ...source, migrations }
  }
  if (source.kind === 'command') return source
  const { history } = source
  // The down is what psql runs where the tool runs none: it is judged all the same.
  return {
    ...source,
    history: {
      ...history,
      downs: 'optional',
      steps: [...history.steps, { name, version, path, files: [path], batch: undefined, ...parts }],
    },
  }
}
