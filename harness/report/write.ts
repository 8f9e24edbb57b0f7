import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { EnvironmentError, InputError } from '../errors.ts'
import type { MigrationResult, VerifyResult } from '../verify/index.ts'
import { renderJUnit } from './junit.ts'
import { renderMarkdown } from './markdown.ts'
import { maskSecretsIn } from './mask-secrets.ts'
import { parseCounterexample } from './parse-counterexample.ts'
import { reportFolders } from './report-folder.ts'
import { parseResult } from './result-schema.ts'

export const reportFile = 'MIGRATION_TEST_RESULTS.md'
export const resultsFile = 'results.json'
export const junitFile = 'junit.xml'

export interface WriteOptions {
  /** Where reports go, e.g. `reports`; made when it is not there. */
  readonly directory: string
  /** File text by path, as it stands in the findings: under `directory`, either with it or relative to it. */
  readonly counterexamples: ReadonlyMap<string, string>
}

export interface WrittenReports {
  /** Paths of everything written. */
  readonly written: readonly string[]
  /** Path of the Markdown report of each migration, in the order of the result. */
  readonly reports: readonly string[]
  /** Counterexamples of earlier runs that this run did not save again; they stay, for `godwit replay` to judge. */
  readonly stale: readonly string[]
}

/**
 * Write `<directory>/<migration>/{MIGRATION_TEST_RESULTS.md,results.json,junit.xml,counterexamples/*.sql}` for each migration.
 *
 * Each file is replaced as a whole or not at all, and no other file is touched.
 *
 * @throws {EnvironmentError} When the directory cannot be written.
 * @throws {InputError} When a counterexample's path leads out of the directory; nothing has been written then.
 */
export async function writeReports(result: VerifyResult, options: WriteOptions): Promise<WrittenReports> {
  const { directory } = options
  const files = new Map<string, string>()
  for (const [path, text] of options.counterexamples) files.set(placeUnder(directory, path), text)
  const saved = new Set(files.keys())

  const folders = reportFolders(result.migrations)
  const reports: string[] = []
  for (const migration of result.migrations) {
    const folder = join(directory, folders.get(migration) ?? '')
    const alone = resultOf(migration, result)
    reports.push(join(folder, reportFile))
    files.set(join(folder, reportFile), renderMarkdown(migration, result))
    files.set(join(folder, resultsFile), `${JSON.stringify(maskSecretsIn(alone), null, 2)}\n`)
    files.set(join(folder, junitFile), renderJUnit(alone))
  }
  try {
    for (const [path, text] of files) await replaceFile(path, text)
    const stale = await Promise.all(reports.map((report) => counterexamplesIn(join(dirname(report), 'counterexamples'))))
    return { written: [...files.keys()], reports, stale: stale.flat().filter((path) => !saved.has(path)) }
  } catch (cause) {
    throw unwritable(directory, cause)
  }
}

/**
 * Read what `writeReports` saved: one result for each migration, by folder name.
 *
 * @throws {InputError} When there is no directory, no result in it, or one that cannot be read.
 */
export async function readResults(directory: string): Promise<readonly { readonly folder: string; readonly result: VerifyResult }[]> {
  const hint = 'Name a directory that "godwit verify" wrote.'
  const entries = await readdir(directory, { withFileTypes: true }).catch((cause: unknown) => {
    throw new InputError(`cannot read the directory "${directory}"`, { cause, hint })
  })
  // One migration's own folder is as good as the folder of them all.
  const own = entries.some((entry) => entry.isFile() && entry.name === resultsFile)
  const folders = own ? ['.'] : entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  const results = await Promise.all(
    folders.toSorted().map(async (name) => {
      const folder = join(directory, name)
      const text = await readFile(join(folder, resultsFile), 'utf8').catch(() => undefined)
      return text === undefined ? [] : [{ folder, result: parseResult(text, join(folder, resultsFile)) }]
    }),
  )
  const found = results.flat()
  if (found.length === 0) throw new InputError(`no saved results in "${directory}"`, { hint })
  return found
}

/**
 * The legacy rows of every counterexample saved under a report directory, by migration name, in the order of the file names.
 *
 * What is not there yet, or is not ours, is passed over: these rows only come before the generated ones.
 */
export async function readSavedRows(directory: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => join(directory, entry.name, 'counterexamples'))
  const paths = (await Promise.all(folders.toSorted().map(counterexamplesIn))).flat()
  const saved = new Map<string, readonly string[]>()
  for (const path of paths) {
    const rows = parsedOrNone(await readFile(path, 'utf8').catch(() => ''))
    if (rows !== undefined) saved.set(rows.meta.migration, [...(saved.get(rows.meta.migration) ?? []), rows.rowsSql])
  }
  return saved
}

/** Render the Markdown and JUnit files of one saved result again, beside it. */
export async function rewriteReports(folder: string, result: VerifyResult): Promise<void> {
  const migration = result.migrations[0]
  if (migration === undefined) return
  try {
    await replaceFile(join(folder, reportFile), renderMarkdown(migration, result))
    await replaceFile(join(folder, junitFile), renderJUnit(result))
  } catch (cause) {
    const detail = `${cause instanceof Error ? cause.message : String(cause)}.`
    throw new EnvironmentError(`cannot write reports to "${folder}"`, { cause, detail })
  }
}

function parsedOrNone(text: string): ReturnType<typeof parseCounterexample> | undefined {
  try {
    return parseCounterexample(text)
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}

/** The result as it would be had only this migration been verified. */
function resultOf(migration: MigrationResult, result: VerifyResult): VerifyResult {
  const warnings = migration.findings.filter((finding) => finding.severity === 'warning' && finding.waived === null).length
  return { ...result, verdict: migration.verdict, warnings, migrations: [migration] }
}

function placeUnder(directory: string, path: string): string {
  const inside = (candidate: string) => {
    const way = relative(resolve(directory), resolve(candidate))
    return way !== '' && !way.startsWith('..') && !isAbsolute(way)
  }
  const candidates = isAbsolute(path) ? [path] : [path, join(directory, path)]
  const candidate = candidates.find((one) => inside(one) && !path.split(/[\\/]/).includes('..'))
  if (candidate === undefined) throw new InputError(`the counterexample "${path}" would lie outside of "${directory}"`)
  return join(directory, relative(resolve(directory), resolve(candidate)))
}

/**
 * Make sure that reports can be written, before anything is verified for them.
 *
 * @throws {EnvironmentError} When the directory cannot be made, or nothing can be written into it.
 */
export async function prepareDirectory(directory: string): Promise<void> {
  const probe = join(directory, `.godwit.${randomUUID()}.tmp`)
  try {
    await makeDirectory(directory)
    await writeFile(probe, '', { flag: 'wx' })
    await rm(probe)
  } catch (cause) {
    throw unwritable(directory, cause)
  }
}

function unwritable(directory: string, cause: unknown): EnvironmentError {
  const detail = `${cause instanceof Error ? cause.message : String(cause)}.`
  return new EnvironmentError(`cannot write reports to "${directory}"`, { cause, detail, hint: 'Name another directory with --report.' })
}

/** Step by step: under /proc Node's own recursive mkdir never comes to an end. */
async function makeDirectory(directory: string): Promise<void> {
  if (existsSync(directory)) return
  if (dirname(directory) !== directory) await makeDirectory(dirname(directory))
  await mkdir(directory).catch((error: NodeJS.ErrnoException) => {
    // Another run may have made it meanwhile.
    if (error.code !== 'EEXIST') throw error
  })
}

/** A reader sees the old text or the new one; what cannot be finished leaves nothing. */
async function replaceFile(path: string, text: string): Promise<void> {
  await makeDirectory(dirname(path))
  const temporary = join(dirname(path), `.${basename(path).slice(0, 40)}.${randomUUID()}.tmp`)
  try {
    await writeFile(temporary, text, { flag: 'wx' })
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

async function counterexamplesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => [])
  return names
    .filter((name) => name.endsWith('.sql'))
    .map((name) => join(folder, name))
    .toSorted()
}
