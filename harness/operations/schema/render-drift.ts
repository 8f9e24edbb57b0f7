import { counted, visibleText } from '../../report/index.ts'
import type { Drift, DriftFound } from './drift.ts'

/** What drift there is, for a terminal: a block for each difference, then what was not compared. */
export function renderDrift({ place, files, versions, drift, notCompared, unknown }: DriftFound): string {
  const upTo = files.upTo === undefined ? '' : `, up to ${visibleText(files.upTo)}`
  const lines = [
    `${place} (PostgreSQL ${versions.database}) against ${visibleText(files.path)} (${counted(files.steps, 'step')}${upTo}; PostgreSQL ${versions.files})`,
    ...drift.flatMap((each) => ['', ...block(each)]),
    '',
    ...unknown.map((text) => `unknown: ${visibleText(text)}`),
    ...notCompared.map((text) => `not compared: ${visibleText(text)}`),
    '',
    verdictLine(drift, unknown),
  ]
  return `${lines.join('\n')}\n`
}

function verdictLine(drift: readonly Drift[], unknown: readonly string[]): string {
  if (drift.length > 0) return `✗ The database is not what the files make: ${counted(drift.length, 'difference')}.`
  if (unknown.length > 0) return '? No difference was found, and not everything could be compared.'
  return '✓ The database is what the files make.'
}

function block({ change, kind, path, property, inFiles, inDatabase, step }: Drift): readonly string[] {
  const what = `${kind.replaceAll('-', ' ')} ${visibleText(path)}`
  if (change === 'missing')
    return [`${what} is missing`, ...line('made by', step), ...line('files', inFiles === path ? undefined : inFiles)]
  if (change === 'added')
    return [`${what} is in no file`, ...line('dropped by', step), ...line('database', inDatabase === path ? undefined : inDatabase)]
  return [
    `${what} has another ${words(property ?? '')}`,
    ...line('last by', step),
    ...line('files', inFiles ?? 'none'),
    ...line('database', inDatabase ?? 'none'),
  ]
}

/** Definitions go over many lines on the server. */
export function line(label: string, text: string | undefined): readonly string[] {
  return text === undefined ? [] : [`  ${label.padEnd(10)}  ${visibleText(text.replaceAll(/\s+/g, ' ').trim())}`]
}

/** `notNull` → `not null`. */
export function words(property: string): string {
  return property.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}
