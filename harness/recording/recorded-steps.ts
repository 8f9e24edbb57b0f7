import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename, relative, resolve, sep } from 'node:path'
import type { CommandSource, HistoryStep } from '../formats/index.ts'
import { type Step, shownPath } from '../migration/index.ts'
import { compareOnRows, readsRows } from './compare-on-rows.ts'
import { constantsOfProgram } from './program-constants.ts'
import { ProgramFiles } from './program-files.ts'
import { programStep, type Tool } from './program-step.ts'
import { type RecordedStep, type Recording, type RecordOptions, wordsOf } from './record.ts'
import { type ProgramText, scriptOf, seenOf } from './script-of.ts'
import type { SentStep } from './split-steps.ts'
import type { RecordedStatement } from './statements.ts'
import { ToolProcess } from './tool-process.ts'

export interface RecordedSteps {
  readonly steps: readonly HistoryStep[]
  /** What was left out, and why. */
  readonly warnings: readonly string[]
  /** Ends what was kept running for steps that the tool runs. */
  close(): Promise<void>
}

/**
 * The steps of a recording: as SQL where that is all that the program does; one whose statements depend on rows stays a program, which its
 * tool runs.
 */
export async function recordedSteps(source: CommandSource, recording: Recording, options: RecordOptions): Promise<RecordedSteps> {
  const asSql = await sqlSteps(source, recording)
  const scripts = asSql.steps.map(({ up }) => (up.kind === 'sql' ? up.script : undefined))
  const onRows = await compareOnRows(source, recording, scripts, options)
  const tool = { source, recording, process: new ToolProcess(source) }
  const warnings: string[] = []
  const steps = asSql.steps.map((step, at): HistoryStep => {
    const seen = onRows[at]
    const backReads = (recording.steps[at]?.down?.statements ?? []).some(readsRows)
    if (seen?.kind !== 'depends' && !backReads) {
      if (seen?.kind === 'not-run') warnings.push(`${step.name} was recorded on empty tables only: ${seen.because}.`)
      return step
    }
    warnings.push(`${step.name} is run by its tool, since ${seen?.kind === 'depends' ? seen.because : 'its way back reads rows'}`)
    return runByTool(tool, at, step, asSql.programs[at])
  })
  return { steps, warnings: [...asSql.warnings, ...warnings], close: () => tool.process[Symbol.asyncDispose]() }
}

function runByTool(tool: Tool, at: number, step: HistoryStep, program: ProgramText | undefined): HistoryStep {
  const { up, down } = step
  const { up: sentUp, down: sentDown } = tool.recording.steps[at] ?? {}
  if (program === undefined || sentUp === undefined) return step
  const seen = [seenOf(program, 'up', sentUp.statements), seenOf(program, 'down', sentDown?.statements ?? [])] as const
  const known = { at, path: step.path, constants: constantsOfProgram(program.text, seen) }
  return {
    ...step,
    digest: createHash('sha256').update(`run by its tool ${step.digest}`).digest('hex'),
    up: up.kind === 'sql' ? programStep(tool, 'up', { ...known, sends: seen[0] }) : up,
    down: down?.kind === 'sql' ? programStep(tool, 'down', { ...known, sends: seen[1] }) : down,
    batch: undefined,
  }
}

interface SqlSteps {
  readonly steps: readonly HistoryStep[]
  /** By step. */
  readonly programs: readonly ProgramText[]
  readonly warnings: readonly string[]
}

async function sqlSteps(source: CommandSource, recording: Recording): Promise<SqlSteps> {
  const files = await ProgramFiles.in(resolve(source.directory ?? '.'))
  const applied: string[] = []
  const warnings: string[] = []
  const steps: HistoryStep[] = []
  const programs: ProgramText[] = []
  const shared = sharedBlocks(recording.steps.map(({ up }) => up))
  const settings = new Map<number, RecordedStatement[]>()
  for (const step of recording.steps) {
    const file =
      step.up.error === undefined
        ? await fileOf(files, step)
        : (files.namedIn(recording.stopped ?? '', new Set(applied)) ?? files.after(applied)[0])
    if (file !== undefined) applied.push(file)
    const noted = step.names.length < 2 ? step.names[0] : `${step.names[0]} … ${step.names.at(-1)}`
    const name = file === undefined ? (noted ?? 'the step at which it stopped') : basename(file)
    const program: ProgramText = {
      file: file === undefined ? name : shownPath(file),
      text: file === undefined ? '' : await readFile(file, 'utf8'),
    }
    programs.push(program)
    const up = scriptOf(program, 'up', step.up.statements, settings)
    remember(settings, step.up.statements)
    const down = step.down === undefined ? undefined : scriptOf(program, 'down', step.down.statements, new Map())
    const isForeign = source.packages === true && file === undefined && step.up.error === undefined
    if (step.noWayBack !== undefined && !isForeign) warnings.push(`${name} has no way back: ${step.noWayBack}`)
    const [block] = up === undefined ? [] : [up.transaction]
    steps.push({
      name,
      ...(isForeign ? { foreign: true } : {}),
      version: step.names.at(-1) ?? name,
      path: file ?? resolve(source.directory ?? '.'),
      files: file === undefined ? [] : [file],
      up:
        up === undefined
          ? { kind: 'opaque', file: program.file, because: 'it works on several connections at the same time, which no script can do' }
          : { kind: 'sql', script: up.script },
      down: down === undefined ? undefined : ({ kind: 'sql', script: down.script } satisfies Step),
      contract: {},
      digest: createHash('sha256')
        .update(
          JSON.stringify([source.up, source.down ?? '', step.names, textOf(step.up), step.down === undefined ? null : textOf(step.down)]),
        )
        .update(program.text)
        .digest('hex'),
      batch: block !== undefined && shared.has(block) ? `transaction ${block}` : undefined,
    })
  }
  return {
    steps: withDistinctNames(source, steps),
    programs,
    warnings: [...warnings, ...ofPackages(steps), ...behind(source, recording), ...stoppedBefore(files, applied, recording)],
  }
}

/** Parts of a project may each have a file of the same name: these are named with their folders. */
function withDistinctNames({ directory = '.' }: CommandSource, steps: readonly HistoryStep[]): readonly HistoryStep[] {
  const counts = new Map<string, number>()
  for (const { name } of steps) counts.set(name, (counts.get(name) ?? 0) + 1)
  return steps.map((step) =>
    step.files.length === 1 && (counts.get(step.name) ?? 0) > 1
      ? { ...step, name: relative(resolve(directory), step.path).replaceAll(sep, '/') }
      : step,
  )
}

function ofPackages(steps: readonly HistoryStep[]): readonly string[] {
  const names = steps.flatMap(({ name, foreign }) => (foreign === true ? [name] : []))
  if (names.length === 0) return []
  const shown = names.length > 3 ? `${names.slice(0, 3).join(', ')}, …` : names.join(', ')
  return [`${names.length} steps of packages are applied and not tested: ${shown}. Name one by --only to test it.`]
}

async function fileOf(files: ProgramFiles, { names }: RecordedStep): Promise<string | undefined> {
  for (const name of names) {
    const file = await files.named(name)
    if (file !== undefined) return file
  }
  return undefined
}

function textOf({ statements }: SentStep): readonly string[] {
  return statements.flatMap(({ role, text }) => (role === 'migration' || role === 'setting' ? [text] : []))
}

/** Transactions that hold statements of several steps. */
function sharedBlocks(steps: readonly SentStep[]): ReadonlySet<number> {
  const counts = new Map<number, number>()
  for (const { statements } of steps) {
    const own = new Set(
      statements.flatMap(({ role, transaction }) => (role === 'migration' && transaction !== undefined ? [transaction] : [])),
    )
    for (const block of own) counts.set(block, (counts.get(block) ?? 0) + 1)
  }
  return new Set([...counts].flatMap(([block, count]) => (count > 1 ? [block] : [])))
}

function remember(settings: Map<number, RecordedStatement[]>, statements: readonly RecordedStatement[]): void {
  for (const statement of statements) {
    if (statement.role !== 'setting') continue
    const { connection } = statement.sent
    settings.set(connection, [...(settings.get(connection) ?? []), statement])
  }
}

function behind(source: CommandSource, { rest }: Recording): readonly string[] {
  const count = rest.filter(({ role, error }) => role === 'migration' && error === undefined).length
  return count === 0
    ? []
    : [`"${source.up}" sends ${count} statements behind its last step. They belong to no step and were not looked at.`]
}

const mostNamed = 5

function stoppedBefore(files: ProgramFiles, applied: readonly string[], { stopped }: Recording): readonly string[] {
  if (stopped === undefined) return []
  const later = files.after(applied).map((file) => basename(file))
  const more = later.length > mostNamed ? [...later.slice(0, mostNamed), `and ${later.length - mostNamed} more`] : later
  const words = wordsOf(stopped).slice(-5).join('\n')
  return [
    `The tool stopped at ${applied.length === 0 ? 'its first step' : basename(applied.at(-1) ?? '')}: ${words}${later.length === 0 ? '' : ` Not looked at: ${more.join(', ')}.`}`,
  ]
}
