import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { EnvironmentError, InputError } from '../errors.ts'
import { reportFile } from '../formats/index.ts'
import type { MigrationResult, VerifyResult } from '../result/index.ts'
import { type StepEnvironment, showOnGitHub } from './github.ts'
import { counterexamplesIn, isMigrationFolder, readResult } from './read-saved.ts'
import { makeDirectory, replaceFile } from './replace-file.ts'
import { indexFile, migrationFiles, pageFile, resultsFile, runFiles } from './report-files.ts'
import { reportFolders } from './report-folder.ts'
import { repositoryLinks } from './repository-links.ts'
import { historyFile, type RunLine, readRunHistory, runHistoryText, runLineOf } from './run-history.ts'
import { isQuiet } from './severity.ts'
import { readSourceFiles, type SourceFiles } from './source-files.ts'

/** Up to so many migrations each gets a folder; in a longer run those that hold without a finding would be noise. */
const mostFolders = 10

export interface WriteOptions {
  /** Where reports go, e.g. `reports`; made when it is not there. */
  readonly directory: string
  /** File text by path, as it stands in the findings: under `directory`, either with it or relative to it. */
  readonly counterexamples: ReadonlyMap<string, string>
  /** From where the paths in the result go. Default: the working directory. */
  readonly workingDirectory?: string | undefined
  /** Default: that of this process. */
  readonly environment?: StepEnvironment | undefined
  /** When the run ended, for `history.jsonl`. Default: now. */
  readonly now?: Date | undefined
  /** The run that a migration was verified in, where the result unites several; default the result. */
  readonly runOf?: ((migration: MigrationResult) => VerifyResult) | undefined
}

export interface WrittenReports {
  /** Paths of everything written. */
  readonly written: readonly string[]
  /** Path of the Markdown report of each migration, in the order of the result; of one without a folder that of the run. */
  readonly reports: readonly string[]
  /** Path of the Markdown report of the run. */
  readonly index: string
  /** Counterexamples of earlier runs that this run did not save again; they stay, for `godwit replay` to judge. */
  readonly stale: readonly string[]
}

/**
 * Write the reports of a run: `<directory>/{index.html,index.md,history.jsonl,results.json,junit.xml,godwit.sarif,pull-request.md,gl-code-quality-report.json}`, and
 * `<directory>/<migration>/{MIGRATION_TEST_RESULTS.md,results.json,junit.xml,counterexamples/*.sql}` for each migration.
 *
 * In a run of more than ten migrations those that hold without a finding get no folder; one that is there from an earlier run is kept true.
 * Each file is replaced as a whole or not at all, and no other file is touched. On GitHub Actions the result is shown there too.
 *
 * @throws {EnvironmentError} When the directory cannot be written.
 * @throws {InputError} When a counterexample's path leads out of the directory; nothing has been written then.
 */
export async function writeReports(result: VerifyResult, options: WriteOptions): Promise<WrittenReports> {
  const { directory } = options
  const files = new Map<string, string>()
  for (const [path, text] of options.counterexamples) files.set(placeUnder(directory, path), text)
  const saved = new Set(files.keys())

  const folders = foldersOf(result, directory)
  const reports: string[] = []
  for (const migration of result.migrations) {
    const name = folders.get(migration)
    reports.push(name === undefined ? join(directory, indexFile) : join(directory, name, reportFile))
    if (name === undefined) continue
    const alone = resultOf(migration, options.runOf?.(migration) ?? result)
    for (const [file, text] of await migrationFiles(migration, alone)) files.set(join(directory, name, file), text)
  }
  const sources = await readSourceFiles(result, options.workingDirectory ?? process.cwd())
  const environment = options.environment ?? processEnvironment
  const links = repositoryLinks(environment.variables, directory)
  for (const [file, text] of await runFiles(result, sources, { folders, links })) files.set(join(directory, file), text)
  const runs = [...(await readRunHistory(directory)), runLineOf(result, options.now ?? new Date())]
  files.set(join(directory, historyFile), runHistoryText(runs))
  files.set(join(directory, pageFile), await pageOf(result, folders, sources, runs))
  try {
    for (const [path, text] of files) await replaceFile(path, text)
    const own = [...new Set(folders.values())].map((name) => join(directory, name, 'counterexamples'))
    const stale = await Promise.all(own.map(counterexamplesIn))
    await showOnGitHub(result, sources, environment)
    return {
      written: [...files.keys()],
      reports,
      index: join(directory, indexFile),
      stale: stale.flat().filter((path) => !saved.has(path)),
    }
  } catch (cause) {
    throw unwritable(directory, cause)
  }
}

/** Which migrations have a folder of their own, and its name. */
function foldersOf(result: VerifyResult, directory: string): ReadonlyMap<MigrationResult, string> {
  const plain = (migration: MigrationResult) => isQuiet(migration) && migration.findings.every((finding) => finding.severity === 'info')
  const all = reportFolders(result.migrations)
  const few = result.migrations.length <= mostFolders
  return new Map([...all].filter(([migration, name]) => few || !plain(migration) || existsSync(join(directory, name, resultsFile))))
}

const processEnvironment: StepEnvironment = { variables: process.env, write: (text) => process.stderr.write(text) }

/**
 * Render the files of one saved result again, beside it: those of one migration, or those of a run with the folders of its migrations.
 *
 * @returns The path of the Markdown report of each migration, in the order of the result.
 * @throws {EnvironmentError} When they cannot be written.
 */
export async function rewriteReports(folder: string, result: VerifyResult): Promise<readonly string[]> {
  const [only] = result.migrations
  const files = new Map<string, string>()
  const reports: string[] = []
  if (isMigrationFolder(folder) && only !== undefined) {
    reports.push(join(folder, reportFile))
    for (const [file, text] of await migrationFiles(only, result)) files.set(join(folder, file), text)
  } else {
    const folders = foldersOf(result, folder)
    for (const migration of result.migrations) {
      const name = folders.get(migration)
      reports.push(name === undefined ? join(folder, indexFile) : join(folder, name, reportFile))
      if (name === undefined) continue
      // A migration's own result knows its own run, where the run unites several.
      const own = await readResult(join(folder, name))
      const alone = own?.result ?? resultOf(migration, result)
      for (const [file, text] of await migrationFiles(alone.migrations[0] ?? migration, alone)) files.set(join(folder, name, file), text)
    }
    const sources = await readSourceFiles(result, process.cwd())
    const links = repositoryLinks(process.env, folder)
    for (const [file, text] of await runFiles(result, sources, { folders, links })) files.set(join(folder, file), text)
    files.set(join(folder, pageFile), await pageOf(result, folders, sources, await readRunHistory(folder)))
  }
  try {
    for (const [path, text] of files) await replaceFile(path, text)
    return reports
  } catch (cause) {
    const detail = `${cause instanceof Error ? cause.message : String(cause)}.`
    throw new EnvironmentError(`cannot write reports to "${folder}"`, { cause, detail })
  }
}

/** The page is rendered by a library that is loaded only here: no verdict waits for it. */
async function pageOf(
  result: VerifyResult,
  folders: ReadonlyMap<MigrationResult, string>,
  sources: SourceFiles,
  runs: readonly RunLine[],
): Promise<string> {
  const { renderPage } = await import('./page/render-page.tsx')
  return renderPage({ result, folders: result.migrations.map((migration) => folders.get(migration)), sources, runs })
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
