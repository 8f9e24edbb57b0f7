import { readCatalog, readObjects } from '../../../harness/catalog/index.ts'
import { definitionsKept } from '../../../harness/invariants/definitions-kept/judge.ts'
import { namedIn } from '../../../harness/invariants/definitions-kept/named.ts'
import { parseScript } from '../../../harness/migration/index.ts'
import type { Session } from '../../../harness/postgres/index.ts'
import type { Finding } from '../../../harness/result/index.ts'
import type { State } from '../../../harness/run/index.ts'
import { knowing, run } from '../build.ts'

/** What `definitions-kept` finds about a pair, judged on the catalogs alone: without rows, and without lineage. */
export async function judgePair(session: Session, legacy: string, up: string): Promise<readonly Finding[]> {
  await session.script('BEGIN')
  try {
    await session.script(legacy)
    const before = await read(session)
    await session.script(up)
    const after = await read(session)
    const pair = run(before.state, after.state)
    const seen = {
      before: before.objects,
      after: after.objects,
      named: namedIn({ kind: 'sql', script: parseScript('up.sql', up) }),
      refusals: [],
    }
    const workload = { run: pair, statements: [], seeded: new Map(), given: false, routines: { before: [], after: [] } }
    const knowledge = { ...knowing([]), lineage: undefined }
    const verdict = definitionsKept.judge({ workload, access: { because: '' }, definitions: seen }, knowledge)
    if (verdict.outcome === 'violated') return verdict.findings
    if (verdict.outcome !== 'holds') throw new Error(`${verdict.outcome}: ${verdict.because}`)
    return verdict.notes ?? []
  } finally {
    await session.script('ROLLBACK')
  }
}

async function read(session: Session) {
  const state: State = { catalog: await readCatalog(session), rows: new Map() }
  return { state, objects: await readObjects(session) }
}

/** `error key: what is found`. */
export function toldOf({ severity, kind, message }: Finding): string {
  return `${severity} ${kind}: ${message}`
}
