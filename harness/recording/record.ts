import { InputError } from '../errors.ts'
import { type CommandSource, environmentOf, runCommand } from '../formats/index.ts'
import { type Database, quoteIdentifier, type Session } from '../postgres/index.ts'
import type { Sent } from './model.ts'
import { type Guest, startRecordingProxy } from './proxy.ts'
import { type SentStep, splitSteps } from './split-steps.ts'
import { type Bookkeeping, type RecordedStatement, readStatements } from './statements.ts'

/** What one step sent in each direction. */
export interface RecordedStep {
  /** As the tool notes it; several where it notes them at once. */
  readonly names: readonly string[]
  readonly up: SentStep
  /** Undefined where there is no way back. */
  down: SentStep | undefined
  /** Why there is none, in the tool's own words. */
  noWayBack: string | undefined
}

export interface Recording {
  readonly steps: readonly RecordedStep[]
  /** What the tool wrote when it stopped; undefined where it went through. */
  readonly stopped: string | undefined
  /** Statements behind the last step, which belong to none. */
  readonly rest: readonly RecordedStatement[]
  readonly bookkeeping: Bookkeeping
  /** What the tool sends to its own tables behind the last step, e.g. to take its lock away. */
  readonly closing: readonly RecordedStatement[]
  /** Send what some of the steps sent, the tool's own statements too: from the state behind so many steps to the state behind more. */
  replay(session: Session, from: number, to: number): Promise<void>
}

export interface RecordOptions {
  /** Makes a database in the state before the first step. */
  readonly scratch: () => Promise<Database>
  readonly signal: AbortSignal | undefined
  readonly onStep?: ((name: string) => void) | undefined
}

/**
 * Let a tool apply all of its steps to a scratch database and take them back again, and note what it sends.
 *
 * @throws {InputError} When the command does not reach the database, or notes no step.
 */
export async function recordTool(source: CommandSource, options: RecordOptions): Promise<Recording> {
  await using database = await options.scratch()
  const bookkeeping = await bookkeepingOf(source, database)
  const up = await drive(source, source.up, 'up', { database, bookkeeping, options })
  if (up.steps.length === 0) throw nothingNoted(source, up)
  const steps = up.steps.map((each): RecordedStep => ({ names: each.names, up: each, down: undefined, noWayBack: undefined }))
  for (const { names } of steps) options.onStep?.(names.join(', '))
  const recording: Recording = {
    steps,
    stopped: up.failed,
    rest: up.rest,
    bookkeeping,
    closing: closingOf(up),
    replay: async (session, from, to) => {
      for (const { up } of steps.slice(from, to)) await send(session, up.statements)
      await send(session, recording.closing)
    },
  }
  if (source.down !== undefined) await recordDowns(source, recording, { database, bookkeeping, options })
  return recording
}

interface Driving {
  readonly database: Database
  readonly bookkeeping: Bookkeeping
  readonly options: RecordOptions
  readonly onAnswered?: ((sent: Sent, guest: Guest) => Promise<void>) | undefined
}

export interface Driven {
  readonly steps: readonly SentStep[]
  readonly rest: readonly RecordedStatement[]
  /** The tool's words, where it ended with an error. */
  readonly failed: string | undefined
  readonly output: string
  readonly reached: boolean
}

const mostRuns = 5_000

/** Run a command until it notes nothing more. */
export async function drive(source: CommandSource, command: string, direction: 'up' | 'down', driving: Driving): Promise<Driven> {
  const { database, bookkeeping, options } = driving
  await using proxy = await startRecordingProxy({ url: database.url({ as: 'owner' }), port: source.port, onAnswered: driving.onAnswered })
  let seen = 0
  const steps: SentStep[] = []
  for (let run = 0; run < mostRuns; run++) {
    const from = proxy.sent.length
    const ended = await runCommand({
      command,
      directory: source.directory ?? '.',
      environment: environmentOf(source, proxy.url),
      signal: options.signal,
    })
    if (ended.aborted) throw new InputError('interrupted while the steps were being recorded')
    const stopped = ended.code !== 0
    if (bookkeeping.order.length === 0) bookkeeping.order = await columnsOf(source, database)
    const statements = readStatements(proxy.sent.slice(from), bookkeeping)
    const split = splitSteps(statements, direction, stopped)
    seen += statements.length
    const more = split.steps.filter((step) => step.names.length > 0 || step.error !== undefined)
    steps.push(...more)
    const reached = seen > 0
    if (stopped && !(steps.length > 0 && more.length === 0 && nothingLeft.test(ended.output)))
      return { steps, rest: split.rest, failed: ended.output.trim(), output: ended.output, reached }
    if (more.length === 0 || source.all === true) return { steps, rest: split.rest, failed: undefined, output: ended.output, reached }
  }
  throw new InputError(`"${command}" notes one step after the other, and no end came in ${mostRuns} runs`)
}

const nothingLeft =
  /\b(no (pending|new|more)?\s*(migrations?|changes?)|nothing to (do|migrate|deploy)|already (up|at)|up[- ]to[- ]date|latest)\b/i

async function bookkeepingOf(source: CommandSource, database: Database): Promise<Bookkeeping> {
  await using session = await database.connect()
  const rows = await session.query<{ name: string }>(
    "SELECT DISTINCT proname::text AS name FROM pg_catalog.pg_proc WHERE provolatile = 'v' AND prokind <> 'a'",
  )
  const list = source.table.split('.').at(-1)?.replaceAll('"', '') ?? source.table
  return {
    tables: new Set([list, ...(source.ownTables ?? [])]),
    list,
    columns: source.column.split('.'),
    order: [],
    volatile: new Set(rows.map(({ name }) => name).filter((name) => !/^(pg_(try_)?advisory_|pg_backend_pid$|set_config$)/.test(name))),
  }
}

/** The lines of a tool's output without the frames of a stack. */
export function wordsOf(output: string): readonly string[] {
  return output.split('\n').filter((line) => line.trim() !== '' && !/^\s+at\s.*:\d+|^\s+File ".*", line \d+|^\s+from .*:\d+:in /.test(line))
}

async function columnsOf({ table }: CommandSource, database: Database): Promise<readonly string[]> {
  await using session = await database.connect()
  const name = (table.match(/"(?:[^"]|"")+"|[^."]+/g) ?? [])
    .map((part) => quoteIdentifier(part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part))
    .join('.')
  const rows = await session.query<{ name: string }>(
    'SELECT attname::text AS name FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum',
    [name],
  )
  return rows.map((row) => row.name)
}

function nothingNoted(source: CommandSource, { failed, output, reached }: Driven): InputError {
  const detail = wordsOf(output).slice(-20).join('\n')
  if (failed !== undefined) {
    // As pg, libpq and Npgsql say it.
    const hint = /does not support SSL|SSL (is not|was required)|sslmode/i.test(failed)
      ? 'Godwit has no encryption on this connection: let the configuration ask for it in production only.'
      : undefined
    return new InputError(`"${source.up}" ended with an error before its first step`, { detail, hint })
  }
  if (!reached)
    return new InputError(`"${source.up}" sent nothing to the database that it was given`, {
      detail,
      hint: `The database stands in ${Object.entries(environmentOf(source, 'postgresql://u:p@h:1/d'))
        .flatMap(([name, value]) => (name === 'PATH' || value === undefined ? [] : [name]))
        .join(', ')}: does the tool's configuration read one of them?`,
    })
  return new InputError(`"${source.up}" wrote no step into "${source.table.replaceAll('"', '')}"`, {
    detail,
    hint: 'Say which table and column hold the names of applied steps.',
  })
}

/**
 * Take back all steps. Where one has no way back, a database in the state before it is made from what was recorded, and the steps below it
 * are taken back there.
 */
async function recordDowns(source: CommandSource, recording: Recording, driving: Driving): Promise<void> {
  const { steps } = recording
  const complete = steps.filter(({ up }) => up.error === undefined).length
  let left = complete
  while (left > 0) {
    await using fresh = left === complete && recording.stopped === undefined ? undefined : await driving.options.scratch()
    if (fresh !== undefined) {
      await using session = await fresh.connect({ as: 'owner' })
      await recording.replay(session, 0, left)
    }
    const down = await drive(source, source.down ?? '', 'down', { ...driving, database: fresh ?? driving.database })
    for (const sent of down.steps) {
      const step = steps.slice(0, left).findLast(({ names }) => names.some((name) => sent.names.includes(name)))
      if (step !== undefined) step.down = sent
    }
    const words = wordsOf(down.failed ?? down.output)
      .slice(-3)
      .join('\n')
    if (down.steps.length === 0 && down.failed === undefined) {
      // The tool sees nothing to take back, and would see nothing again.
      for (const step of steps.slice(0, left)) if (step.down === undefined) step.noWayBack = words
      return
    }
    const stuck = steps.slice(0, left).findLastIndex((step) => step.down === undefined)
    const step = steps[stuck]
    if (step === undefined) return
    const last = down.steps.at(-1)
    if (last?.error !== undefined) step.down = last
    else step.noWayBack = words
    left = stuck
  }
}

function closingOf({ steps, rest }: Driven): readonly RecordedStatement[] {
  const last = steps.at(-1)
  const behind = last?.error === undefined ? rest : last.statements
  return behind.filter(
    ({ role, noted, parsed }) => role === 'bookkeeping' && noted === undefined && /^(Insert|Update|Delete)Stmt$/.test(parsed?.node ?? ''),
  )
}

/** One by one, without what the tool only asked; locks of a session would stay. */
async function send(session: Session, statements: readonly RecordedStatement[]): Promise<void> {
  for (const { role, text, error, parsed } of statements) {
    if (error !== undefined || role === 'control' || role === 'reading' || (role === 'bookkeeping' && parsed?.node === 'SelectStmt'))
      continue
    if (parsed?.copyData === undefined) await session.script(text)
    else await session.copyFrom(text, [parsed.copyData])
  }
}
