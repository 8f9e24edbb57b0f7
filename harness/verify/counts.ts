import type { Catalog } from '../catalog/index.ts'
import { datasetArbitrary, type Hints, sampleDatasets } from '../data/index.ts'
import type { Subject } from '../lineage/index.ts'
import { mayRepeat } from '../migration/index.ts'
import { shownName } from '../postgres/index.ts'
import { countedByDown, type RunRequest, scriptsOf, seedNumber } from '../run/index.ts'
import type { Inquiry } from './inquiry.ts'

type AttributeName = NonNullable<Hints['counted']>[number]

/** How long a statement may take on a few rows before a value is suspected to say how much it does. */
const suspectedMs = 1_000
const rows = { min: 20, max: 30 }
/** The first is long however little is repeated; what adds or multiplies numbers of that size may fail on it, and not on the second. */
const largest = 20_000_000
const sizes = [largest, 100_000]
/** More questions are not asked, since each that is answered by yes takes its time. */
const mostQuestions = 16

/**
 * Find the integer attributes that say how often the migration repeats something, as the end of a loop does: large numbers in them would
 * only show that it takes long. They get small ones from here on.
 *
 * What calls of functions such as `generate_series` say is read from the SQL; this finds the others by running it.
 */
export async function findCounts(inquiry: Inquiry): Promise<void> {
  const scripts = [...scriptsOf(inquiry.migration.up), ...scriptsOf(inquiry.migration.down)]
  if (!scripts.some(({ text }) => mayRepeat(text))) return
  const candidates = integersOf(inquiry.subject)
  if (candidates.length === 0) return
  inquiry.progress('counts')
  const counted = await inquiry.clock.time('counts', async () => {
    for (const about of sizes) {
      const search = new Search(inquiry, about)
      const ended = await search.endOf(candidates)
      if (ended === 'passed') return []
      // If it takes as long with small numbers everywhere, no number is the reason.
      if (ended === 'long') return (await search.takesLong([])) ? [] : search.needed(candidates)
    }
    // Of all together one may fail before another repeats anything, as where a type gets narrower.
    return new Search(inquiry, largest).eachAlone(candidates)
  })
  if (counted.length > 0) inquiry.subject = await inquiry.prepare({ counted })
}

/** Say which values are not tried because of that, in the legacy schema and in the migrated one. */
export function tellCounts({ subject, notChecked }: Inquiry, migrated: Catalog | undefined): void {
  const before = (subject.hints.counted ?? []).filter(({ relation }) => subject.scope.has(relation))
  const counted = [...before, ...(migrated === undefined ? [] : countedByDown(subject, migrated))]
  const names = [...new Set(counted.map(({ relation, attribute }) => `${shownName(relation)}.${attribute}`))].sort()
  if (names.length === 0) return
  const [they, them] = names.length === 1 ? ['it says', 'it'] : ['they say', 'them']
  notChecked.push(
    `numbers over 999 in ${names.join(', ')}: the migration repeats something as often as ${they}, and would take long with a large number in ${them}`,
  )
}

/** Which of many attributes make the migration take long where they are large. */
class Search {
  readonly #inquiry: Inquiry
  readonly #about: number
  #questions = 0

  constructor(inquiry: Inquiry, about: number) {
    this.#inquiry = inquiry
    this.#about = about
  }

  /** Whether a statement takes long where these attributes are large and the others small. */
  async takesLong(large: readonly AttributeName[]): Promise<boolean> {
    return (await this.endOf(large)) === 'long'
  }

  /** How the migration ends there: a statement takes long, or fails otherwise, or none does. */
  async endOf(large: readonly AttributeName[]): Promise<'long' | 'failed' | 'passed'> {
    this.#questions += 1
    const all = integersOf(this.#inquiry.subject)
    const counted = all.filter((each) => !large.some((other) => isSame(each, other)))
    const subject = await this.#inquiry.prepareOnce({ counted, sized: { attributes: large, about: this.#about } })
    const arbitrary = datasetArbitrary(subject.plan, { relations: [...subject.scope], rows, profile: 'plausible' })
    const [dataset] = sampleDatasets(arbitrary, seedNumber(this.#inquiry.context.seed, 'counts'), 1)
    if (dataset === undefined) throw new Error('a sample of one has one')
    const request: RunRequest = {
      regime: 'edge',
      extreme: false,
      filling: { kind: 'dataset', dataset },
      phases: subject.migration.down === undefined ? ['up'] : ['up', 'down'],
      statementTimeoutMs: suspectedMs,
      signal: this.#inquiry.signal,
    }
    const run = await this.#inquiry.runner.run(subject, request)
    const failures = run.outcomes.flatMap((each) => (each.outcome === 'failed' ? [each.failure.sqlstate] : []))
    if (failures.length === 0) return 'passed'
    return failures.includes('57014') ? 'long' : 'failed'
  }

  /** Those of the candidates that make it take long while all others are small. */
  async eachAlone(candidates: readonly AttributeName[]): Promise<readonly AttributeName[]> {
    if (await this.takesLong([])) return []
    const found: AttributeName[] = []
    for (const each of candidates.slice(0, mostQuestions)) if (await this.takesLong([each])) found.push(each)
    return found
  }

  /**
   * Those of the candidates that make it take long, beside others that are small (delta debugging).
   *
   * @see Zeller, Hildebrandt: Simplifying and Isolating Failure-Inducing Input (2002)
   */
  async needed(candidates: readonly AttributeName[]): Promise<readonly AttributeName[]> {
    if (candidates.length <= 1 || this.#questions >= mostQuestions) return candidates
    const middle = Math.ceil(candidates.length / 2)
    const halves = [candidates.slice(0, middle), candidates.slice(middle)]
    const found: AttributeName[] = []
    for (const half of halves) if (await this.takesLong(half)) found.push(...(await this.needed(half)))
    // Only together they take long, as factors do.
    return found.length === 0 ? candidates : found
  }
}

function isSame(one: AttributeName, other: AttributeName): boolean {
  return one.relation === other.relation && one.attribute === other.attribute
}

/** Integers that are neither keys nor references, and not known to be counts. */
function integersOf({ legacy, scope, hints }: Subject): readonly AttributeName[] {
  return [...scope].flatMap((path) => {
    const relation = legacy.relations.get(path)
    if (relation === undefined) return []
    const keys = new Set(
      relation.constraints.flatMap(({ kind, attributes }) => (kind === 'primary-key' || kind === 'foreign-key' ? attributes : [])),
    )
    return relation.attributes
      .filter(({ name, type, generated }) => generated === undefined && /^(smallint|integer|bigint)$/.test(type) && !keys.has(name))
      .map(({ name }) => ({ relation: path, attribute: name }))
      .filter((each) => !(hints.counted ?? []).some((other) => isSame(each, other)))
  })
}
