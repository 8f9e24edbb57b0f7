import { InputError } from '../errors.ts'
import { readSource, type Source } from '../formats/index.ts'
import { ownTexts, rulesDigest, withOwn } from '../invariants/index.ts'
import { type Cluster, installedMajors, parseClusterRequest, startCluster } from '../postgres/index.ts'
import type { FindingWaiver, SourceResult, VerifyResult } from '../result/index.ts'
import { coverageOfAll, gravest, warningsOf } from '../result/index.ts'
import { fullDepth, onPairBase, sha256 } from '../run/index.ts'
import type { Counterexample } from '../verify/index.ts'
import { stopwatch, usualRuns, type VerifiedMigration, type VerifyHooks, type VerifyOptions, verifyMigration } from '../verify/index.ts'
import { acceptedLines } from './accepted-lines.ts'
import { commandHistory } from './command-history.ts'
import { type VerifiedHistory, verifyHistory } from './history.ts'
import { configDigest, seedText } from './seed-text.ts'

export interface Verified {
  readonly result: VerifyResult
  /** By path, as it stands in the finding. */
  readonly counterexamples: ReadonlyMap<string, Counterexample>
  /** What comments in the SQL accept: to be given to `acceptFindings`. */
  readonly waivers: readonly FindingWaiver[]
}

/**
 * Verify migrations: read them, get a cluster, and judge one after the other.
 *
 * @param paths  Folders of migrations in a format that is known; at least one.
 * @throws {InputError} For bad input: nothing there, SQL that does not parse, a legacy schema that fails.
 * @throws {EnvironmentError} When no cluster can be had.
 */
export async function verify(paths: readonly string[], options: VerifyOptions = {}, hooks: VerifyHooks = {}): Promise<Verified> {
  const started = performance.now()
  const clock = stopwatch()
  // Refused before a cluster is started, as comments are below.
  withOwn(options.invariants)
  const read = await clock.time('read', () => readSources(paths, options))
  acceptedLines(read)
  const asked = serverOf(read)
  const request = parseClusterRequest(options.postgres ?? asked?.major)
  hooks.onProgress?.({ migration: '', stage: 'cluster' })
  const start = hooks.startCluster ?? startCluster
  await using cluster = await clock.time('cluster', () => start(request, hooks.signal === undefined ? {} : { signal: hooks.signal }))
  const verified = await verifyOn(cluster, read, options, hooks)
  const durationMs = Math.round(performance.now() - started)
  return {
    ...verified,
    result: {
      ...verified.result,
      postgres: { ...verified.result.postgres, assumed: options.postgres === undefined && asked === undefined },
      sources: verified.result.sources.map((each) => (asked?.note === undefined ? each : { ...each, notes: [asked.note, ...each.notes] })),
      durationMs,
      timings: { ...clock.timings(), ...verified.result.timings },
    },
  }
}

/** The version that the projects ask for, where it is one and installed; what is used instead is said. */
function serverOf(sources: readonly Source[]): { readonly major: string | undefined; readonly note: string | undefined } | undefined {
  const servers = sources.flatMap((source) =>
    source.kind === 'history' && source.history.server !== undefined ? [source.history.server] : [],
  )
  const [first] = servers
  if (first === undefined) return undefined
  const other = servers.find((each) => each.major !== first.major)
  if (other !== undefined)
    return {
      major: undefined,
      note: `${first.from} asks for PostgreSQL ${first.major}, ${other.from} for ${other.major}: --postgres names one.`,
    }
  if (installedMajors().includes(first.major)) return { major: String(first.major), note: undefined }
  return {
    major: undefined,
    note: `${first.from} asks for PostgreSQL ${first.major}, which is not installed here: the newest one was used. --postgres names another.`,
  }
}

/** The same on a cluster that runs already. */
export async function verifyOn(
  cluster: Cluster,
  sources: readonly Source[],
  options: VerifyOptions,
  hooks: VerifyHooks,
): Promise<Verified> {
  const started = performance.now()
  withOwn(options.invariants)
  const waivers = acceptedLines(sources)
  const digests = sources.flatMap(digestsOf)
  const seed = seedText(options, digests)
  const migrations: VerifyResult['migrations'][number][] = []
  const results: SourceResult[] = []
  const counterexamples = new Map<string, Counterexample>()
  const timings: Record<string, number> = {}
  const add = (more: Readonly<Record<string, number>>) => {
    for (const [stage, ms] of Object.entries(more)) timings[stage] = (timings[stage] ?? 0) + ms
  }
  for (const source of sources) {
    const verified = await verifySource(cluster, source, { options, seed, hooks })
    migrations.push(...verified.migrations)
    results.push(verified.source)
    for (const [file, example] of verified.counterexamples) counterexamples.set(file, example)
    add(verified.timings)
  }
  const result: VerifyResult = {
    version: 1,
    // Where a branch adds nothing there is nothing to hold against it.
    verdict: migrations.length === 0 && options.since !== undefined ? 'holds' : gravest(migrations.map((each) => each.verdict)),
    warnings: warningsOf(migrations),
    postgres: { version: cluster.version.text, assumed: false, from: cluster.kind },
    seed,
    durationMs: Math.round(performance.now() - started),
    timings,
    digest: {
      files: sha256(digests.join('\n')),
      config: configDigest(options),
      rules: rulesDigest(options.invariants),
      server: cluster.version.text,
    },
    ...(options.since === undefined ? {} : { since: options.since }),
    sources: results,
    migrations,
    coverage: coverageOfAll(migrations),
    ...((options.invariants ?? []).length === 0 ? {} : { ownInvariants: ownTexts(options.invariants) }),
  }
  return { result, counterexamples, waivers }
}

interface SourceContext {
  readonly options: VerifyOptions
  readonly seed: string
  readonly hooks: VerifyHooks
}

async function verifySource(cluster: Cluster, source: Source, context: SourceContext): Promise<VerifiedHistory> {
  if (source.kind === 'history') return verifyHistory(cluster, source.history, context)
  if (source.kind === 'command') {
    const history = await commandHistory(cluster, source.command, context.options, context.hooks)
    try {
      return await verifyHistory(cluster, history, context)
    } finally {
      await history.close()
    }
  }
  const { options } = context
  const verified: VerifiedMigration[] = []
  const said = new Set<string>()
  for (const { migration, path } of source.migrations) {
    const started = performance.now()
    const own = await onPairBase(cluster, migration, options, (base, adapted, notes) => {
      for (const note of notes) said.add(note)
      const legacy = performance.now() - started
      return verifyMigration(adapted, base, { ...context, path, depth: () => fullDepth(options.runs ?? usualRuns), before: { legacy } })
    })
    verified.push(own)
  }
  const timings: Record<string, number> = {}
  for (const { result } of verified) for (const [stage, ms] of Object.entries(result.timings)) timings[stage] = (timings[stage] ?? 0) + ms
  const paths = new Set(source.migrations.map((each) => each.path))
  return {
    source: {
      path: [...paths].join(', '),
      format: source.format,
      steps: verified.length,
      verified: verified.length,
      cached: 0,
      brokenAt: null,
      endToEnd: null,
      notes: [...said],
    },
    migrations: verified.map((each) => each.result),
    counterexamples: new Map(verified.flatMap((each) => [...each.counterexamples])),
    timings,
  }
}

function digestsOf(source: Source): readonly string[] {
  if (source.kind === 'pairs') return source.migrations.map(({ migration }) => migration.digest)
  return source.kind === 'history' ? source.history.steps.map((step) => step.digest) : []
}

/**
 * Read what stands at each path.
 *
 * @throws {InputError} When a path holds no migration, or `only` leaves none.
 */
export async function readSources(
  paths: readonly string[],
  options: Pick<VerifyOptions, 'only' | 'format' | 'formats' | 'command'>,
): Promise<readonly Source[]> {
  if (paths.length === 0) throw new InputError('no migration is named', { hint: 'Name a folder: godwit verify migrations/my-step' })
  const read = await Promise.all(
    paths.map((path) =>
      readSource(path, {
        ...(options.format === undefined ? {} : { format: options.format }),
        formats: options.formats,
        ...(options.command === undefined ? {} : { command: options.command }),
      }),
    ),
  )
  const { only } = options
  if (only === undefined || only.length === 0) return read
  const names = new Set(read.flatMap(namesOf))
  const missing = only.filter((name) => !names.has(name))
  if (missing.length > 0 && !read.some((each) => each.kind === 'command'))
    throw new InputError(`no migration is named "${missing.join('", "')}"`, {
      detail: names.size > 20 ? `There are ${names.size}.` : `There are: ${[...names].join(', ')}.`,
    })
  return read.flatMap((source): readonly Source[] => {
    if (source.kind === 'command') return [source]
    if (source.kind === 'history') return namesOf(source).some((name) => only.includes(name)) ? [source] : []
    const migrations = source.migrations.filter(({ migration }) => only.includes(migration.name))
    return migrations.length === 0 ? [] : [{ ...source, migrations }]
  })
}

function namesOf(source: Source): readonly string[] {
  if (source.kind === 'pairs') return source.migrations.map(({ migration }) => migration.name)
  return source.kind === 'history' ? source.history.steps.map((step) => step.name) : []
}
