import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError } from '../errors.ts'
import { reportFile } from '../formats/index.ts'
import type { VerifyResult } from '../result/index.ts'
import { parseResult } from '../result/index.ts'
import type { SavedRows } from '../verify/index.ts'
import { parseCounterexample } from './parse-counterexample.ts'
import { indexFile, resultsFile } from './report-files.ts'
import { reportFolders } from './report-folder.ts'

/** What was saved in one folder. */
export interface SavedResult {
  readonly folder: string
  readonly result: VerifyResult
}

/**
 * Read what `writeReports` saved: the result of the last run, and those of migrations that were verified in earlier runs and not in it.
 *
 * Given the folder of one migration, it reads that alone.
 *
 * @throws {InputError} When there is no directory, no result in it, or one that cannot be read.
 */
export async function readResults(directory: string): Promise<readonly SavedResult[]> {
  const hint = 'Name a directory that "godwit verify" wrote.'
  const entries = await readdir(directory, { withFileTypes: true }).catch((cause: unknown) => {
    throw new InputError(`cannot read the directory "${directory}"`, { cause, hint })
  })
  const run = entries.some((entry) => entry.isFile() && entry.name === resultsFile) ? await readResult(directory) : undefined
  const known = new Set(run === undefined ? [] : reportFolders(run.result.migrations).values())
  const single = run !== undefined && isMigrationFolder(directory)
  const names = single ? [] : entries.filter((entry) => entry.isDirectory() && !known.has(entry.name)).map((entry) => entry.name)
  const earlier = await Promise.all(names.toSorted().map((name) => readResult(join(directory, name))))
  const found = [run, ...earlier].filter((each) => each !== undefined)
  if (found.length === 0) throw new InputError(`no saved results in "${directory}"`, { hint })
  return found
}

/** What one folder holds, or undefined. */
export async function readResult(folder: string): Promise<SavedResult | undefined> {
  const path = join(folder, resultsFile)
  const text = await readFile(path, 'utf8').catch(() => undefined)
  return text === undefined ? undefined : { folder, result: parseResult(text, path) }
}

/** Whether it holds the report of one migration, rather than of a run. */
export function isMigrationFolder(folder: string): boolean {
  return existsSync(join(folder, reportFile)) && !existsSync(join(folder, indexFile))
}

/**
 * The legacy rows of every counterexample saved under a report directory, by migration name, in the order of the file names.
 *
 * What is not there yet, or is not ours, is passed over: these rows only come before the generated ones.
 */
export async function readSavedRows(directory: string): Promise<ReadonlyMap<string, readonly SavedRows[]>> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => join(directory, entry.name, 'counterexamples'))
  const paths = (await Promise.all(folders.toSorted().map(counterexamplesIn))).flat()
  const saved = new Map<string, readonly SavedRows[]>()
  for (const path of paths) {
    const parsed = parsedOrNone(await readFile(path, 'utf8').catch(() => ''))
    if (parsed === undefined) continue
    const { meta, rowsSql } = parsed
    const rows: SavedRows = { sql: rowsSql, extreme: meta.extreme === true }
    saved.set(meta.migration, [...(saved.get(meta.migration) ?? []), rows])
  }
  return saved
}

function parsedOrNone(text: string): ReturnType<typeof parseCounterexample> | undefined {
  try {
    return parseCounterexample(text)
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}

/** Paths of the counterexamples in one folder, in the order of their names. */
export async function counterexamplesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => [])
  return names
    .filter((name) => name.endsWith('.sql'))
    .map((name) => join(folder, name))
    .toSorted()
}
