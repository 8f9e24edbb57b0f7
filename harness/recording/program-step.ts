import { type CommandSource, environmentOf, runCommand } from '../formats/index.ts'
import type { Constant, Script, Step } from '../migration/index.ts'
import { quoteIdentifier, type Session, StatementError } from '../postgres/index.ts'
import type { Sent } from './model.ts'
import type { Guest } from './proxy.ts'
import { startRecordingProxy } from './proxy.ts'
import type { RecordedStep, Recording } from './record.ts'
import { readStatements } from './statements.ts'
import { ToolProcess } from './tool-process.ts'

/** A tool whose steps were recorded. */
export interface Tool {
  readonly source: CommandSource
  readonly recording: Recording
  readonly process: ToolProcess
}

export type ProgramStep = Extract<Step, { kind: 'program' }>

/** What is known of a step that its tool runs. */
export interface KnownOfStep {
  /** Which step of the recording. */
  readonly at: number
  /** Of its file. */
  readonly path: string
  /** What it was seen to send, what it reads with it. */
  readonly sends: Script
  readonly constants: readonly Constant[]
}

/**
 * A step that the tool itself runs, on whatever database and rows there are. The tool's own tables are there only while it runs.
 */
export function programStep(tool: Tool, direction: 'up' | 'down', { at, path, sends, constants }: KnownOfStep): ProgramStep {
  const { recording } = tool
  return {
    kind: 'program',
    file: sends.file,
    sends,
    constants,
    run: async ({ session, url, signal }) => {
      await dropOwnTables(session, recording)
      await writeOwnTables(session, recording, direction === 'up' ? at : at + 1)
      try {
        await runStep(tool, { direction, at, path, url, signal })
      } finally {
        await dropOwnTables(session, recording)
      }
    },
  }
}

/** As the tool would find them: the list has the steps before. */
async function writeOwnTables(session: Session, recording: Recording, steps: number): Promise<void> {
  const sent = recording.steps.slice(0, Math.max(1, steps)).flatMap(({ up }) => up.statements)
  for (const { role, text, error, noted, parsed } of [...sent, ...recording.closing]) {
    if (role !== 'bookkeeping' || error !== undefined || parsed?.node === 'SelectStmt') continue
    // Of the first step only the tables are wanted, where it has not been applied.
    if (steps > 0 || noted === undefined) await session.script(text)
  }
}

async function dropOwnTables(session: Session, { bookkeeping }: Recording): Promise<void> {
  const tables = [...bookkeeping.tables].map((name) => quoteIdentifier(name))
  await session.script(`SET client_min_messages = error; DROP TABLE IF EXISTS ${tables.join(', ')} CASCADE; RESET client_min_messages`)
}

interface StepRun {
  readonly direction: 'up' | 'down'
  readonly at: number
  /** Of its file. */
  readonly path: string
  readonly url: string
  readonly signal: AbortSignal
}

async function runStep(tool: Tool, { direction, at, path, url, signal }: StepRun): Promise<void> {
  const { source, recording } = tool
  const cut = new AbortController()
  let isDone = false
  const alone = source.one?.[direction]
  const names = recording.steps[at]?.names ?? []
  const stopBehind = async (sent: Sent, guest: Guest) => {
    const noted = readStatements([sent], recording.bookkeeping).flatMap(
      (statement) => (direction === 'up' ? statement.noted?.added : statement.noted?.removed) ?? [],
    )
    if (!noted.some((name) => names.includes(name))) return
    if (guest.inTransaction) await guest.script('COMMIT')
    isDone = true
    cut.abort()
  }
  // A tool that only goes all the way is stopped behind the step.
  const stops = alone === undefined && source.all === true && !ToolProcess.canRun(source, path) ? { onAnswered: stopBehind } : {}
  await using proxy = await startRecordingProxy({ url, port: source.port, ...stops })
  const command = filled(alone ?? (direction === 'up' ? source.up : (source.down ?? '')), recording.steps, at)
  const failed = ToolProcess.canRun(source, path)
    ? await tool.process
        .run({ url: proxy.url, direction, name: names.at(-1) ?? '', names: namesUpTo(recording.steps, at), file: path, command }, signal)
        .then(
          () => undefined,
          (error: Error) => error.message,
        )
    : await byCommand(source, command, proxy.url, AbortSignal.any([signal, cut.signal]))
  if (isDone || failed === undefined) return
  const error = readStatements(proxy.sent, recording.bookkeeping).findLast((statement) => statement.error !== undefined)?.error
  if (error !== undefined) throw new StatementError(error)
  throw new Error(`"${command}" failed\n${failed.trim()}`)
}

async function byCommand(source: CommandSource, command: string, url: string, signal: AbortSignal): Promise<string | undefined> {
  const environment = environmentOf(source, url)
  const ended = await runCommand({ command, directory: source.directory ?? '.', environment, signal })
  if (ended.aborted) return 'it was interrupted'
  return ended.code === 0 ? undefined : ended.output
}

function namesUpTo(steps: readonly RecordedStep[], at: number): readonly string[] {
  return steps.slice(0, at + 1).flatMap(({ names }) => names)
}

/** The command for one step: `{name}`, `{app}` and `{step}` (the parts of a name with a dot), `{previous|…}` and `{previousStep|…}`. */
function filled(command: string, steps: readonly RecordedStep[], at: number): string {
  const name = steps[at]?.names.at(-1) ?? ''
  const dot = name.indexOf('.')
  const app = name.slice(0, Math.max(0, dot))
  const before = steps.slice(0, at).flatMap(({ names }) => names)
  const previous = before.at(-1)
  const previousStep = before.findLast((each) => each.startsWith(`${app}.`))?.slice(dot + 1)
  return command.replaceAll(/\{(\w+)(?:\|(\w+))?\}/g, (whole, key: string, otherwise: string | undefined) => {
    const values: Readonly<Record<string, string | undefined>> = { name, app, step: name.slice(dot + 1), previous, previousStep }
    return shellWord(values[key] ?? otherwise ?? whole)
  })
}

function shellWord(text: string): string {
  return /^[\w.:/@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
