import { join } from 'node:path'
import { readSources, verifyOn } from '../../harness/history/index.ts'
import type { Cluster } from '../../harness/postgres/index.ts'
import type { FindingResult, MigrationResult } from '../../harness/result/index.ts'

/** What one pair gave under several seeds. */
export interface SeedsOfPair {
  readonly id: string
  /** Seeds whose result is not that of the first, with what differs. */
  readonly differences: readonly { readonly seed: string; readonly texts: readonly string[] }[]
}

/** Verify one pair of the corpus under each seed and hold every result against the first. */
export async function compareSeeds(cluster: Cluster, id: string, seeds: readonly string[], runs: number): Promise<SeedsOfPair> {
  const sources = await readSources([join('fixtures/corpus', id)], {})
  const results: MigrationResult[] = []
  for (const seed of seeds) {
    const { result } = await verifyOn(cluster, sources, { runs, seed }, {})
    const [migration] = result.migrations
    if (migration === undefined) throw new Error(`no result for ${id}`)
    results.push(migration)
  }
  const [first, ...others] = results
  if (first === undefined) return { id, differences: [] }
  return {
    id,
    differences: others.flatMap((other, at) => {
      const texts = differenceOf(first, other)
      return texts.length === 0 ? [] : [{ seed: seeds[at + 1] ?? '', texts }]
    }),
  }
}

/** What a user would see differ: the verdict, of an invariant too, and findings that count, each by its id and by its class. */
function differenceOf(left: MigrationResult, right: MigrationResult): readonly string[] {
  const verdicts = ({ verdict, invariants }: MigrationResult) => [
    `verdict ${verdict}`,
    ...invariants.map((each) => `verdict of ${each.id} ${each.verdict}`),
  ]
  const findings = (result: MigrationResult) =>
    new Map(
      result.findings.filter((each) => each.severity !== 'info').map((each) => [JSON.stringify([each.id, classOf(each)]), each] as const),
    )
  const [before, after] = [findings(left), findings(right)]
  const lacking = (some: ReadonlyMap<string, FindingResult>, all: ReadonlyMap<string, FindingResult>, sign: string) =>
    [...some].flatMap(([key, each]) => (all.has(key) ? [] : [`${sign} ${classOf(each)} ${each.message}`]))
  const [said, saidNow] = [verdicts(left), verdicts(right)]
  return [
    ...said.filter((each) => !saidNow.includes(each)).map((each) => `- ${each}`),
    ...saidNow.filter((each) => !said.includes(each)).map((each) => `+ ${each}`),
    ...lacking(before, after, '-'),
    ...lacking(after, before, '+'),
  ]
}

function classOf({ severity, invariant, kind, evidence }: FindingResult): string {
  return [severity, invariant, kind, ...(typeof evidence.alteration === 'string' ? [evidence.alteration] : [])].join(' ')
}
