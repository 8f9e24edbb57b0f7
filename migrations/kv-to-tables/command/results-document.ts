import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { markdownTable } from 'markdown-table'
import { CommandError } from '../run/errors.ts'
import type { Decision } from '../run/model.ts'
import type { RunResult } from '../run/run-options.ts'
import { renderRun } from './statistics.ts'

const mostKeys = 3

/** What to do about records that are set aside, by the code of the reason. */
const remedies: Readonly<Record<string, string>> = {
  required: 'Fill in the field in the store, or make it optional in `kinds/index.ts`.',
  type: 'Correct the value in the store, or accept the form in `kinds/fields.ts`.',
  pattern: 'Correct the value in the store, or widen the pattern in `kinds/fields.ts`.',
  value: 'Correct the value, or add it to the list in `kinds/index.ts`.',
  length: 'Shorten the value, or raise the limit in `kinds/index.ts`.',
  range: 'Correct the value, or widen the range in `kinds/index.ts`.',
  date: 'Correct the date, or add its format to `kinds/dates.ts`.',
  ambiguous: 'Ask who wrote the date whether the day or the month comes first, and write it as YYYY-MM-DD.',
  precision: 'Round the time to microseconds in the store.',
  reference: 'Mend what it refers to (it may be set aside itself), or point it to something that is there.',
  duplicate: 'Decide which of the two records is right, point references to it, and delete the other.',
  key: 'Find out what writes such keys; copy the record to a key that is the prefix and a UUID.',
  id: 'Decide whether the key or the `id` inside is right.',
  kind: 'Declare the kind in `kinds/index.ts`, or leave it in the store on purpose.',
  object: 'Find out what wrote it; the value must be an object.',
  'no-value': 'Write the value again, or delete the key.',
  database: 'Read the message of the server; the rules let through what the tables refuse.',
}

/** Gathers the issues of a run as it goes: counts, and a few keys of each, so that memory does not grow with the store. */
export class Issues {
  readonly #found = new Map<string, { readonly kind: string; readonly code: string; records: number; readonly keys: string[] }>()

  add(kind: string, { record, reasons }: Decision): void {
    for (const code of new Set(reasons.map((reason) => reason.code))) {
      const issue = this.#found.get(`${kind} ${code}`) ?? { kind, code, records: 0, keys: [] }
      issue.records += 1
      if (issue.keys.length < mostKeys) issue.keys.push(record.key)
      this.#found.set(`${kind} ${code}`, issue)
    }
  }

  clear(): void {
    this.#found.clear()
  }

  /** Most frequent first. */
  rows(): readonly (readonly string[])[] {
    return [...this.#found.values()]
      .sort((a, b) => b.records - a.records)
      .map(({ kind, code, records, keys }) => [
        kind,
        code,
        String(records),
        keys.map(shownKey).join(', '),
        remedies[code] ?? 'Look at the value in `kv_set_aside`.',
      ])
  }
}

/** @throws {CommandError} When the file cannot be written: before the run, not after it. */
export function checkResultsFile(file: string): void {
  const folder = dirname(resolve(file))
  if (!existsSync(folder)) throw new CommandError(2, `"${file}" cannot be written: there is no folder "${folder}"`)
  if (existsSync(file) && statSync(file).isDirectory())
    throw new CommandError(2, `"${file}" is a folder`, { hint: 'Name a file for --report.' })
  try {
    accessSync(existsSync(file) ? file : folder, constants.W_OK)
  } catch (cause) {
    throw new CommandError(2, `"${file}" cannot be written`, { cause })
  }
}

export interface Results {
  readonly result: RunResult
  readonly issues: Issues
  readonly durationMs: number
  readonly when: Date
  /** Of a trial, in Markdown. */
  readonly sections?: readonly string[]
}

/**
 * Write `MIGRATION_TEST_RESULTS.md`: metrics, issues found, what to adjust, and the sections of a trial. Keys of records are in it, values are not.
 *
 * @throws {CommandError} When the file cannot be written.
 */
export async function writeResults(file: string, { result, issues, durationMs, when, sections = [] }: Results): Promise<void> {
  const { source, setAside } = result.total
  const share = source === 0 ? 0 : (100 * setAside) / source
  const text = [
    '# Migration test results: kv-to-tables',
    '',
    `${when.toISOString()}, ${result.dryRun ? 'dry run' : result.retry ? 'retry' : 'live run'}: ${source} records in ${(durationMs / 1000).toFixed(1)} s` +
      ` (${Math.round((source / Math.max(durationMs, 1)) * 1000)} a second), ${setAside} set aside (${share.toFixed(2)} %);` +
      ` peak memory ${Math.round(process.resourceUsage().maxRSS / 1024)} MB.`,
    '',
    '## Metrics',
    '',
    renderRun(result, durationMs).trim(),
    '',
    '## Issues found, and what to adjust',
    '',
    setAside === 0
      ? 'None.'
      : markdownTable([['kind', 'reason', 'records', 'for example', 'what to adjust'], ...issues.rows()], {
          align: ['l', 'l', 'r', 'l', 'l'],
        }),
    '',
    ...sections,
  ].join('\n')
  await writeFile(file, text).catch((cause: unknown) => {
    throw new CommandError(3, `"${file}" cannot be written`, { cause, hint: 'The run itself is through.' })
  })
}

/** A key is anything: no mark-up of it may act. */
function shownKey(key: string): string {
  return `\`${JSON.stringify(key).replaceAll('`', "'").replaceAll('|', '\\|')}\``
}
