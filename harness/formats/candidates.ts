import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isDirectory } from '../migration/index.ts'
import { isNumberedProgram } from './ignored.ts'
import { isReportFolder } from './report-folder.ts'

export interface Candidates {
  /** Absolute, without repetition. */
  readonly directories: readonly string[]
  /** How many files look like migrations of a tool that runs programs. */
  readonly programs: number
}

/** Folders in which nobody keeps migrations of their own. */
const passedOver = /^(\..*|node_modules|vendor|target|dist|build|out|coverage|third_party|__pycache__|venv|bower_components)$/

const deepest = 10
const mostFolders = 20_000

/**
 * Every folder at or below a path that could be one of migrations: it holds SQL files, or steps that are folders, or a tool's marker.
 *
 * @param names  Of other files that make a folder one.
 */
export async function candidatesIn(path: string, names: readonly RegExp[] = []): Promise<Candidates> {
  const directories = new Set<string>()
  let programs = 0
  let level = [path]
  let seen = 0
  for (let depth = 0; depth <= deepest && level.length > 0; depth++) {
    const next: string[] = []
    for (const directory of level) {
      if (seen++ > mostFolders) break
      // Unreadable, or gone meanwhile: not ours. Links are not followed, so that no loop has an end to wait for.
      const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
      const files = entries.filter((entry) => isFileEntry(directory, entry)).map((entry) => entry.name)
      if (isReportFolder(files)) continue
      const root = rootOf(directory, files) ?? (files.some((name) => names.some((each) => each.test(name))) ? directory : undefined)
      if (root !== undefined) directories.add(root)
      if (/^(migrations?|migrate|versions)$/i.test(basename(directory))) programs += files.filter(isNumberedProgram).length
      for (const entry of entries) if (entry.isDirectory() && !passedOver.test(entry.name)) next.push(join(directory, entry.name))
    }
    level = next
  }
  return { directories: [...directories], programs }
}

/** A link counts as what it leads to; one that leads nowhere as a file, which its reader then names. */
function isFileEntry(directory: string, entry: Dirent): boolean {
  return entry.isSymbolicLink() ? !isDirectory(join(directory, entry.name)) : !entry.isDirectory()
}

/** The folder of migrations that a folder with these files is, or is a part of. */
function rootOf(directory: string, files: readonly string[]): string | undefined {
  if (files.some((name) => /^(migration_lock\.toml|sqitch\.plan)$/.test(name))) return directory
  if (files.includes('_journal.json') && basename(directory) === 'meta') return dirname(directory)
  if (!files.some((name) => /\.sql$/i.test(name))) return undefined
  const above = dirname(directory)
  if (files.includes('migration.sql') || (files.includes('up.sql') && !files.includes('legacy.sql'))) return above
  if (/^(deploy|revert|verify|committed|current)$/.test(basename(directory))) return above
  return directory
}
