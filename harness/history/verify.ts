import { InputError } from '../errors.ts'
import { type History, readSource, type Source } from '../formats/index.ts'
import { ownTexts, rulesDigest, withOwn } from '../invariants/index.ts'
import { type Cluster, installedMajors, parseClusterRequest, serverIdentity, startCluster } from '../postgres/index.ts'
import { fullDepth, onPairBase, sha256 } from '../run/index.ts'
import { stopwatch, usualRuns, type VerifyHooks, type VerifyOptions, verifyMigration } from '../verify/index.ts'
import { acceptedLines } from './accepted-lines.ts'
import { assemble, type Verified } from './assemble.ts'
import { commandHistory } from './command-history.ts'
import { type Share, type StepsToVerify, stepsOf, stepsOfPairs } from './deal.ts'
import { type Selection, verifyHistory } from './history.ts'
import type { HistoryContext } from './history-context.ts'
import { PartCache } from './part-cache.ts'
import type { PairPart, PairsPart, SourcePart, VerifiedPart } from './parts.ts'
import { configDigest, seedText } from './seed-text.ts'
import { selectSteps } from './select-steps.ts'
import { openStore } from './store/open-store.ts'

/**
 * Verify the steps of a project that one machine was dealt; all of them without a share.
 *
 * @throws {InputError} For bad input: nothing there, SQL that does not parse, a legacy schema that fails.
 * @throws {EnvironmentError} When no cluster can be had.
 */
export async function verifyPart(
  paths: readonly string[],
  options: VerifyOptions = {},
  hooks: VerifyHooks = {},
  share?: Share,
): Promise<VerifiedPart> {
  const started = performance.now()
  const clock = stopwatch()
  // Refused before a cluster is started, as comments are below.
  withOwn(options.invariants)
  const store = storeOf(options, hooks)
  const read = await clock.time('read', () => readSources(paths, options))
  acceptedLines(read)
  const asked = serverOf(read)
  const request = parseClusterRequest(options.postgres ?? asked?.major)
  const start = async () => {
    hooks.onProgress?.({ migration: '', stage: 'cluster' })
    const how = hooks.signal === undefined ? {} : { signal: hooks.signal }
    return clock.time('cluster', () => (hooks.startCluster ?? startCluster)(request, how))
  }
  await using cluster = new WantedCluster(start)
  const part = await partOn(cluster, read, { options, hooks, store, share, server: serverIdentity(request) })
  return {
    ...part,
    postgres: { ...part.postgres, assumed: options.postgres === undefined && asked === undefined },
    serverNote: asked?.note,
    durationMs: Math.round(performance.now() - started),
    timings: clock.timings(),
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
  const store = storeOf(options, hooks)
  const wanted = { get: async () => cluster }
  return assemble([await partOn(wanted, sources, { options, hooks, store, share: undefined, server: undefined })])
}

/** A cluster that is started when it is asked for first. */
class WantedCluster implements AsyncDisposable {
  readonly #start: () => Promise<Cluster & AsyncDisposable>
  #started: Promise<Cluster & AsyncDisposable> | undefined

  constructor(start: () => Promise<Cluster & AsyncDisposable>) {
    this.#start = start
  }

  get(): Promise<Cluster> {
    this.#started ??= this.#start()
    return this.#started
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Who asked for it was told why it did not start.
    const cluster = await this.#started?.catch(() => undefined)
    await cluster?.[Symbol.asyncDispose]()
  }
}

interface PartContext extends Pick<HistoryContext, 'options' | 'hooks' | 'store'> {
  readonly share: Share | undefined
  /** See `serverIdentity`; undefined where nothing is kept of whole sources. */
  readonly server: string | undefined
}

function storeOf({ cacheDirectory }: VerifyOptions, hooks: VerifyHooks): HistoryContext['store'] {
  return cacheDirectory === undefined ? undefined : openStore(cacheDirectory, (message) => hooks.onWarning?.(message))
}

async function partOn(
  wanted: Pick<WantedCluster, 'get'>,
  sources: readonly Source[],
  { options, hooks, store, share, server }: PartContext,
): Promise<VerifiedPart> {
  const started = performance.now()
  withOwn(options.invariants)
  const waivers = acceptedLines(sources)
  const digests = sources.flatMap(digestsOf)
  const seed = seedText(options, digests)
  const cache = new PartCache(store, { options, seed, server })
  const parts: SourcePart[] = []
  let version: string | undefined
  for (const [at, source] of sources.entries()) {
    const own = share === undefined ? undefined : (steps: StepsToVerify) => share.of(at, steps)
    const { part, on } = await verifySource(wanted, source, { options, seed, hooks, store, share: own }, cache)
    parts.push(part)
    version ??= on
  }
  version ??= (await wanted.get()).version.text
  await cache.written()
  return {
    shard: share?.shard,
    seed,
    postgres: { version, assumed: false, from: server === undefined ? (await wanted.get()).kind : 'embedded' },
    digest: {
      files: sha256(digests.join('\n')),
      config: configDigest(options),
      rules: rulesDigest(options.invariants),
      server: version,
    },
    since: options.since,
    failOn: options.failOn ?? 'error',
    reportDirectory: options.reportDirectory ?? 'reports',
    ...((options.invariants ?? []).length === 0 ? {} : { ownInvariants: ownTexts(options.invariants) }),
    waivers,
    sources: parts,
    durationMs: Math.round(performance.now() - started),
    timings: {},
  }
}

/** A part, and the version of the server that it was made on, now or earlier; undefined where none was asked. */
interface MadePart {
  readonly part: SourcePart
  readonly on: string | undefined
}

async function verifySource(
  wanted: Pick<WantedCluster, 'get'>,
  source: Source,
  context: HistoryContext,
  cache: PartCache,
): Promise<MadePart> {
  if (source.kind === 'pairs') return verifyPairs(wanted, source, context, cache)
  if (source.kind === 'command') {
    const cluster = await wanted.get()
    const history = await commandHistory(cluster, source.command, context.options, context.hooks)
    try {
      const part = await verifyHistory(cluster, history, await selectionOf(history, context), context)
      return { part, on: cluster.version.text }
    } finally {
      await history.close()
    }
  }
  const { history } = source
  const selection = await selectionOf(history, context)
  const kept = await cache.history(history, selection)
  const known = await kept.read()
  if (known !== undefined) return { part: known.part, on: known.version }
  const cluster = await wanted.get()
  const part = await verifyHistory(cluster, history, selection, context)
  kept.write(part, cluster.version.text)
  return { part, on: cluster.version.text }
}

async function selectionOf(history: History, { options, share }: HistoryContext): Promise<Selection> {
  const selected = await selectSteps(history, options)
  return { selected, dealt: share?.(stepsOf(history, selected)) ?? selected }
}

async function verifyPairs(
  wanted: Pick<WantedCluster, 'get'>,
  source: Extract<Source, { kind: 'pairs' }>,
  context: HistoryContext,
  cache: PartCache,
): Promise<MadePart> {
  const { options, share } = context
  const selected = stepsOfPairs(source)
  const dealt = share?.(selected) ?? new Set(selected.keys())
  const steps: PairPart[] = []
  let on: string | undefined
  for (const [at, { migration, path }] of source.migrations.entries()) {
    if (!dealt.has(at)) continue
    const kept = await cache.pair(migration, path)
    const known = await kept.read()
    if (known !== undefined) {
      steps.push({ ...known.part, at })
      on ??= known.version
      continue
    }
    const started = performance.now()
    const cluster = await wanted.get()
    on ??= cluster.version.text
    const step = await onPairBase(cluster, migration, options, async (base, adapted, notes) => {
      const before = { legacy: performance.now() - started }
      const depth = () => fullDepth(options.runs ?? usualRuns)
      const { result, counterexamples } = await verifyMigration(adapted, base, { ...context, path, depth, before })
      return { at, result, counterexamples: [...counterexamples], notes }
    })
    kept.write(step, cluster.version.text)
    steps.push(step)
  }
  const part: PairsPart = {
    kind: 'pairs',
    path: [...new Set(source.migrations.map((each) => each.path))].join(', '),
    format: source.format,
    total: source.migrations.length,
    selected: [...selected.keys()],
    dealt: [...dealt],
    steps,
  }
  return { part, on }
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
