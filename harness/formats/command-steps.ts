import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { InputError } from '../errors.ts'
import type { Program, Step } from '../migration/index.ts'
import { type Database, quoteIdentifier, type Session } from '../postgres/index.ts'
import type { CommandSource, HistoryStep } from './history.ts'
import { runCommand } from './run-command.ts'

export interface DiscoverOptions {
  readonly signal?: AbortSignal | undefined
  /** Called with each step as soon as it is found. */
  readonly onStep?: ((step: HistoryStep) => void) | undefined
}

const mostSteps = 5_000
const nothingLeft =
  /\b(no (pending|new|more)?\s*(migrations?|changes?)|nothing to (do|migrate|deploy)|already (up|at)|up[- ]to[- ]date|latest)\b/i

/**
 * Find a tool's steps by letting it run: `up` again and again on a scratch database, until its history table no longer grows. A command
 * that applies all that is pending gives one step for all.
 *
 * @param database  Empty, or with the prelude; it is left migrated.
 * @throws {InputError} When a step fails, with what the tool wrote, or when nothing ever gets into the table.
 */
export async function discoverCommandSteps(
  source: CommandSource,
  database: Database,
  options: DiscoverOptions = {},
): Promise<readonly HistoryStep[]> {
  const steps: HistoryStep[] = []
  await using session = await database.connect()
  let known = new Set(await readHistoryTable(session, source))
  while (steps.length < mostSteps) {
    const ended = await runCommand(commandRun(source, source.up, database.url({ as: 'owner' }), options.signal))
    if (ended.aborted) throw new InputError('interrupted while the steps were being found')
    const now = await readHistoryTable(session, source)
    const added = now.filter((name) => !known.has(name))
    const failed = ended.code !== 0
    if (failed && (added.length > 0 || steps.length === 0 || !nothingLeft.test(ended.output))) {
      const after = steps.at(-1)
      throw new InputError(`"${source.up}" ended with ${ended.code ?? 'a signal'}${after === undefined ? '' : ` after "${after.name}"`}`, {
        detail: lastLines(ended.output),
      })
    }
    if (added.length === 0) {
      if (steps.length > 0) return steps
      throw new InputError(`"${source.up}" wrote no step into ${shownTable(source)}`, {
        detail: lastLines(ended.output),
        hint: `Say which table and column hold the names of applied steps, and whether it reads ${variableOf(source)}.`,
      })
    }
    known = new Set([...known, ...now])
    const step = await commandStep(source, added)
    steps.push(step)
    options.onStep?.(step)
  }
  return steps
}

/**
 * A step that the tool's own command applies and reverts.
 *
 * @param names  What the command writes into its history table: one name, or all that it applies at once.
 */
export async function commandStep(source: CommandSource, names: readonly string[]): Promise<HistoryStep> {
  const name = names.length < 2 ? (names[0] ?? '') : `${names[0]} … ${names.at(-1)}`
  const directory = resolve(source.directory ?? '.')
  const files = await filesNamed(directory, new Set(names))
  const hash = createHash('sha256').update(JSON.stringify([source.up, source.down ?? '', names]))
  for (const file of files) hash.update(`${basename(file)}\0`).update(await readFile(file))
  const program = (command: string, applied: boolean): Step => ({
    kind: 'program',
    file: command,
    run: runTool(source, command, names, applied),
  })
  return {
    name,
    version: names.at(-1) ?? '',
    path: files[0] ?? directory,
    files,
    up: program(source.up, true),
    down: source.down === undefined ? undefined : program(source.down, false),
    contract: {},
    digest: hash.digest('hex'),
    batch: undefined,
  }
}

/** Runs the command, and sees in the history table that it did what is expected of it. */
function runTool(source: CommandSource, command: string, names: readonly string[], applied: boolean): Program {
  return async ({ session, url, signal }) => {
    const ended = await runCommand(commandRun(source, command, url, signal))
    if (ended.aborted) throw new Error(`"${command}" was interrupted`)
    if (ended.code !== 0) throw new Error(`"${command}" ended with ${ended.code ?? 'a signal'}\n${lastLines(ended.output)}`)
    const now = new Set(await readHistoryTable(session, source))
    const wrong = names.filter((name) => now.has(name) !== applied)
    // A tool that reverts one step at a time cannot revert what it applied all at once.
    if (wrong.length > 0)
      throw new Error(`"${command}" ended well, but "${wrong.join('", "')}" ${applied ? 'is not' : 'is still'} in ${shownTable(source)}`)
  }
}

function commandRun(source: CommandSource, command: string, url: string, signal: AbortSignal | undefined) {
  return { command, directory: resolve(source.directory ?? '.'), environment: { [variableOf(source)]: url }, signal }
}

function shownTable({ table }: CommandSource): string {
  return `"${table.replaceAll('"', '')}"`
}

function variableOf(source: CommandSource): string {
  return source.variable ?? 'DATABASE_URL'
}

/** The names in the history table, empty where there is no table yet. */
export async function readHistoryTable(session: Session, source: CommandSource): Promise<readonly string[]> {
  const table = (source.table.match(/"(?:[^"]|"")+"|[^."]+/g) ?? [])
    .map((part) => quoteIdentifier(part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part))
    .join('.')
  const { there } = await session.one<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [table])
  if (!there) return []
  const rows = await session.query<{ name: string }>(
    `SELECT DISTINCT ${quoteIdentifier(source.column)}::text AS name FROM ${table} ORDER BY 1`,
  )
  return rows.map((row) => row.name)
}

function lastLines(output: string): string {
  return output.trim().split('\n').slice(-20).join('\n')
}

/** The files whose names the tool writes down, with or without an extension: what the step's digest and `--since` can go by. */
async function filesNamed(directory: string, names: ReadonlySet<string>): Promise<readonly string[]> {
  const found: string[] = []
  let level = [directory]
  for (let depth = 0; depth < 6; depth++) {
    const next: string[] = []
    for (const each of level) {
      for (const entry of await readdir(each, { withFileTypes: true }).catch(() => [])) {
        if (entry.isDirectory() && !/^(\.|node_modules$)/.test(entry.name)) next.push(join(each, entry.name))
        const isNamed = names.has(entry.name) || names.has(entry.name.replace(/\.\w+$/, ''))
        if (entry.isFile() && isNamed) found.push(join(each, entry.name))
      }
    }
    level = next
  }
  return found.sort()
}
