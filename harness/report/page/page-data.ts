import type { ClaimResult, FindingResult, MigrationResult, VerifyResult } from '../../result/index.ts'
import { isFunction } from '../coverage-text.ts'
import { maskSecrets, maskSecretsIn } from '../mask-secrets.ts'
import type { RunLine } from '../run-history.ts'
import { isQuiet } from '../severity.ts'
import type { SourceFiles } from '../source-files.ts'
import { visibleText } from '../visible-text.ts'

/** What the page is made of. */
export interface PageInput {
  readonly result: VerifyResult
  /** Name of the report folder of each migration, in the order of the result; undefined where it has none. */
  readonly folders: readonly (string | undefined)[]
  readonly sources: SourceFiles
  /** Runs so far, the oldest first, this one last. */
  readonly runs: readonly RunLine[]
}

/** What the page shows: secrets are masked, and each text is on one line with every character visible. */
export interface PageData {
  readonly result: VerifyResult
  readonly migrations: readonly PageMigration[]
  readonly runs: readonly RunLine[]
}

export interface PageMigration {
  readonly migration: MigrationResult
  readonly claims: readonly ClaimResult[]
  /** Ids in the page are numbers, so that nothing of the data gets into them. */
  readonly anchor: string
  readonly folder: string | undefined
  /** Whether nobody has to look at it first. */
  readonly quiet: boolean
  /** Whether it is shown in full; others have a line and a link to their report. */
  readonly full: boolean
  /** The migration's own files, those of `up` first. */
  readonly files: readonly PageFile[]
}

export interface PageFile {
  readonly path: string
  readonly lines: readonly string[]
}

/** So many steps of a history are shown in full: more would make a page that no browser opens quickly. */
const mostInFull = 40
/** So many of one file are shown. */
const mostLines = 4_000

/** Prepare the data of the page. */
export function pageData({ result: given, folders, sources, runs }: PageInput): PageData {
  const result = shownIn(maskSecretsIn(given))
  const many = given.migrations.length > 10
  let shownInFull = 0
  const migrations = result.migrations.map((migration, index): PageMigration => {
    const raw = given.migrations[index] ?? migration
    const quiet = isQuiet(migration)
    const full = (!many || !quiet) && shownInFull < mostInFull
    if (full) shownInFull += 1
    return {
      migration,
      claims: migration.claims ?? [],
      anchor: `migration-${index + 1}`,
      folder: folders[index],
      quiet,
      full,
      files: full ? filesOf(raw, sources) : [],
    }
  })
  return { result, migrations, runs: shownIn(maskSecretsIn(runs)) }
}

function filesOf({ findings, coverage, path }: MigrationResult, sources: SourceFiles): readonly PageFile[] {
  const named = [
    ...(coverage?.targets ?? []).filter(({ direction }) => direction === 'up').map(({ file }) => file),
    ...findings.flatMap(({ file }) => file ?? []),
    ...(coverage?.targets ?? []).map(({ file }) => file),
  ].filter((file) => !isFunction(file))
  const names = named.length === 0 ? [path] : [...new Set(named)]
  return names.flatMap((name) => {
    const text = sources.get(name)?.text
    if (text === undefined) return []
    const lines = text.trimEnd().split(/\r?\n/).slice(0, mostLines)
    return [{ path: shownText(name), lines: lines.map(lineText) }]
  })
}

/** A line of a file keeps its tabs as spaces: pictures of tabs make code hard to read. */
function lineText(line: string): string {
  return shownText(line.replaceAll('\t', '  '))
}

function shownText(text: string): string {
  return visibleText(maskSecrets(text))
}

/** A copy in which every text (keys too) is visible. */
function shownIn<Value>(value: Value): Value
function shownIn(value: unknown): unknown {
  if (typeof value === 'string') return visibleText(value)
  if (Array.isArray(value)) return value.map((item) => shownIn<unknown>(item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [visibleText(key), shownIn<unknown>(item)]))
}

/** The id of a finding in the page. */
export function findingAnchor({ anchor, migration }: PageMigration, finding: FindingResult): string {
  return `${anchor}-finding-${migration.findings.indexOf(finding) + 1}`
}

/** A path without the folder of its migration: `up.sql:3`. */
export function shortPlace(place: string, { path }: MigrationResult): string {
  const folder = path.endsWith('/') ? path : `${path}/`
  return place.startsWith(folder) ? place.slice(folder.length) : place
}
