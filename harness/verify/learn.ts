import type { Catalog } from '../catalog/index.ts'
import type { Dataset } from '../data/index.ts'
import { type Look, type Repetition, repeatRuns, volatileAttributes } from '../invariants/index.ts'
import { keysIssuedByDown, learnLineage, type Subject, writtenRelations } from '../lineage/index.ts'
import {
  type BandedFilling,
  bandedFilling,
  type RunObservation,
  type RunRequest,
  type State,
  storedRelations,
  tiedRows,
  widen,
} from '../run/index.ts'
import { findCounts, tellCounts } from './counts.ts'
import { checkDeclaredPaths } from './declared-paths.ts'
import type { Inquiry } from './inquiry.ts'
import { shownMapping, unseenMappings } from './mappings.ts'
import { learnShapes } from './shapes.ts'
import { drawsNumbers, otherWays } from './ways.ts'

/** A run with what made it. */
export interface Made {
  readonly run: RunObservation
  readonly request: RunRequest
}

/** What was made to learn. */
export interface Learned {
  readonly empty: Made
  /** The banded runs that went through, with their rows. */
  readonly banded: readonly (Made & { readonly dataset: Dataset })[]
  readonly repetitions: Look<Repetition>
  /** How many clones may be worked on at a time. */
  readonly lanes: number
}

/**
 * Run on an empty database and on banded rows, and learn where attributes go, which relations are written and what varies by itself. Nothing
 * is judged before all of that is known.
 */
export async function learn(inquiry: Inquiry): Promise<Learned> {
  const empty = await runOnNothing(inquiry)
  inquiry.migrated = empty.run.migrated?.catalog
  checkDeclaredPaths(inquiry.subject, inquiry.migrated)
  if (empty.run.failure === undefined) await findCounts(inquiry)
  tellCounts(inquiry, empty.run.migrated?.catalog)
  const banded = empty.run.failure === undefined ? await runBanded(inquiry) : []
  const passed = banded.filter(({ run }) => run.failure === undefined)
  inquiry.subject = learnFrom(
    inquiry.subject,
    passed.map(({ run }) => run),
    empty.run.legacy.rows,
  )
  const lanes = await widen(inquiry.subject, inquiry.base, inquiry.runner, inquiry.depth.runs)
  const repetitions = await repeat(inquiry, empty, passed[0], lanes)
  for (const mapping of unseenMappings(inquiry.subject)) {
    const upFails = banded.length > 0 && passed.length === 0
    const because = `${shownMapping(mapping)} was not seen: ${upFails ? 'up fails on all generated rows' : 'no row with such a value was migrated'}`
    inquiry.collector.leaveOut('zero-loss', { because, upFails })
  }
  inquiry.judging.learned(inquiry.subject.knowledge)
  const [first] = passed
  for (const made of await otherRuns(inquiry, first ?? empty)) inquiry.judging.see(made.run, made.request)
  return { empty, banded: passed, repetitions, lanes }
}

/**
 * What banded runs tell about a subject: where attributes go, which relations are written, and which take rows.
 *
 * @param there  Rows that stand in the legacy schema without being generated.
 */
export function learnFrom(subject: Subject, runs: readonly RunObservation[], there?: State['rows']): Subject {
  if (runs.length === 0) return subject
  const written = new Set(runs.flatMap((run) => [...writtenRelations(run)]))
  const lineage = learnLineage(runs, subject.migration.contract.mappings, there)
  // A run that is made again must fill its relations as it did.
  const past = new Set(runs.flatMap((run) => run.seed.bypassed.map(({ relation }) => relation)))
  const filled = runs.flatMap((run) => run.seed.filled.filter(({ rows }) => rows > 0).map(({ relation }) => relation))
  const takesRows = new Set(filled.filter((relation) => !past.has(relation)))
  return { ...subject, takesRows, knowledge: { ...subject.knowledge, lineage, written, keysByDown: keysIssuedByDown(runs) } }
}

async function runOnNothing(inquiry: Inquiry): Promise<Made> {
  const { depth, clock, runner } = inquiry
  const { legacy } = inquiry.subject
  inquiry.progress('empty')
  const reached = new Set<string>()
  const request: RunRequest = {
    regime: 'empty',
    extreme: false,
    filling: { kind: 'sql', sql: '' },
    phases: ['up', 'down', 'up'],
    deep: true,
    signal: inquiry.signal,
    ...(depth.scope === 'reached' && depth.variants > 0
      ? {
          onReached: (relations: ReadonlySet<string>) => {
            for (const each of relations) reached.add(rootOf(legacy, each))
          },
        }
      : {}),
  }
  const run = await clock.time('empty', () => runner.run(inquiry.subject, request))
  const lacking = [...reached].some((path) => !inquiry.subject.scope.has(path) && storedRelations(legacy).includes(path))
  if (lacking) inquiry.subject = await inquiry.prepare({ also: reached })
  inquiry.judging.see(run, request)
  return { run, request }
}

async function runBanded(inquiry: Inquiry): Promise<readonly (Made & { readonly dataset: Dataset })[]> {
  const { depth } = inquiry
  // With no relation in scope, no row can be touched: a banded run would show nothing.
  const variants = inquiry.subject.scope.size === 0 ? 0 : depth.variants
  if (variants === 0) return []
  inquiry.progress('band')
  return inquiry.clock.time('band', async () => {
    const made: (Made & { readonly dataset: Dataset })[] = []
    // Each keeps clear of what those before it failed on.
    for (const variant of ([0, 1, 2] as const).slice(0, variants)) made.push(await runBandedOnce(inquiry, variant))
    return made
  })
}

/** A banded run; where `up` fails, its smallest failing rows give a rule, and it is made again on rows that keep to it. */
async function runBandedOnce(inquiry: Inquiry, variant: BandedFilling['variant']): Promise<Made & { readonly dataset: Dataset }> {
  const { runner, exclusions, context, judging } = inquiry
  for (;;) {
    const { subject } = inquiry
    const { dataset, bands } = bandedFilling(subject, context.seed, exclusions, variant)
    const request: RunRequest = {
      regime: 'banded',
      extreme: false,
      filling: { kind: 'dataset', dataset },
      bands,
      phases: ['up', 'down', 'up'],
      // Banded rows move sequences from their start, and only a deep run compares positions.
      deep: variant === 0 || drawsNumbers(subject),
      signal: inquiry.signal,
    }
    const run = await runner.run(subject, request)
    if (variant === 0 && (await learnShapes(inquiry, run.seed, dataset))) continue
    judging.see(run, request)
    const exclusion = await inquiry.excluder.ruleFor(run, request)
    if (exclusion === undefined) return { run, request, dataset }
    exclusions.push(exclusion)
  }
}

/** Migrate the same rows several times: what varies by itself is no loss, and no difference. */
async function repeat(
  inquiry: Inquiry,
  empty: Made,
  first: (Made & { readonly dataset: Dataset }) | undefined,
  lanes: number,
): Promise<Look<Repetition>> {
  const { depth, context, runner, exclusions } = inquiry
  if (empty.run.failure !== undefined)
    return { seen: [], leftOut: [{ because: 'the migration fails even on an empty database', upFails: true }] }
  if (!depth.repeats || inquiry.subject.scope.size === 0) {
    await varyOnNothing(inquiry, empty, first)
    return { seen: [], notApplicable: 'nothing in it can vary' }
  }
  if (first === undefined) {
    await varyOnNothing(inquiry, empty, first)
    return { seen: [], leftOut: [{ because: 'the migration fails on every generated data set', upFails: true }] }
  }
  if (inquiry.isOver) return { seen: [], leftOut: [{ because: 'the time limit was reached' }] }
  inquiry.progress('determinism')
  const repeated = await inquiry.clock.time('determinism', () =>
    repeatRuns(inquiry.subject, runner, {
      onClones: depth.scope === 'reached' ? 'suspected' : 'always',
      dataset: first.dataset,
      known: first.run.rung === 'transaction' ? { legacy: first.run.legacy, migrated: first.run.migrated } : undefined,
      ties: tiedRows(inquiry.subject, context.seed, exclusions, depth.runs > 10 ? 8 : 2),
      lanes,
      signal: inquiry.signal,
    }),
  )
  inquiry.know({ volatile: repeated.volatile })
  for (const text of rungsDisagree(first.run, repeated.migrated, repeated.volatile))
    for (const invariant of ['zero-loss', 'determinism']) inquiry.collector.disagree({ invariant, text })
  return repeated.look
}

/** Without banded rows, values that the migration itself inserts may still come from the clock or from chance: run again on no rows to find them. */
async function varyOnNothing(inquiry: Inquiry, empty: Made, first: Made | undefined): Promise<void> {
  const { migrated } = empty.run
  if (first !== undefined || migrated === undefined || !hasRows(migrated)) return
  const again = await inquiry.clock.time('determinism', () =>
    inquiry.runner.runOnClone(inquiry.subject, { ...empty.request, phases: ['up'] }),
  )
  if (again.migrated !== undefined) inquiry.know({ volatile: new Set(volatileAttributes(migrated, again.migrated).keys()) })
}

/** The ways that invariants ask for beside the usual one, on the first banded rows (or none), with sequences and everything out of scope compared too. */
async function otherRuns(inquiry: Inquiry, { run, request }: Made): Promise<readonly Made[]> {
  if (run.failure !== undefined) return []
  const ways = otherWays(inquiry.active).filter((way) => way.join() !== request.phases.join())
  const made: Made[] = []
  for (const phases of ways) {
    const other: RunRequest = { ...request, phases, deep: true, onReached: undefined }
    made.push({ run: await inquiry.runner.run(inquiry.subject, other), request: other })
  }
  return made
}

function hasRows(state: State): boolean {
  return [...state.rows.values()].some(({ rows }) => rows.length > 0)
}

function rootOf(catalog: Catalog, path: string): string {
  const parent = catalog.relations.get(path)?.partitionOf?.parent
  return parent === undefined ? path : rootOf(catalog, parent)
}

/** The same rows are migrated in a transaction and on a clone: if they end in different rows, the harness is wrong, not the migration. */
function rungsDisagree(run: RunObservation, onClone: State | undefined, volatile: ReadonlySet<string>): readonly string[] {
  if (run.rung !== 'transaction' || run.migrated === undefined || onClone === undefined) return []
  return [...volatileAttributes(run.migrated, onClone).values()].flatMap(([relation, attribute]) => {
    const path = `${relation}.${attribute}`
    return volatile.has(path) ? [] : [`${path} differs between a run in a transaction and the same run on a clone`]
  })
}
