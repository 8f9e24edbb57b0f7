import * as z from 'zod'
import { InputError } from '../errors.ts'
import type { Folder } from './folder.ts'
import type { Format } from './format.ts'
import type { HistoryStep } from './history.ts'
import { ignoredFiles } from './ignored.ts'
import { readStep } from './read-step.ts'
import { type Reading, scriptOf } from './script-of.ts'
import { breaksOut, warnOfTransactionControl } from './transaction-control.ts'

const journalName = 'meta/_journal.json'
const folderStep = /^(\d{14}_[^/]+)\/migration\.sql$/

const journalSchema = z.object({
  dialect: z.string().optional(),
  entries: z.array(z.object({ idx: z.number(), when: z.number(), tag: z.string().min(1) })),
})

type Entry = z.infer<typeof journalSchema>['entries'][number]

/**
 * Drizzle's two layouts: `meta/_journal.json` with a file for each tag, in the journal's order; since version 1 a folder for each step with
 * `migration.sql` and `snapshot.json`, by name. All pending steps go in one transaction; there are no downs.
 *
 * @see https://orm.drizzle.team/docs/migrations
 */
export const drizzle: Format<'drizzle'> = {
  id: 'drizzle',
  marker: '"meta/_journal.json", or folders with "migration.sql" and "snapshot.json"',
  historyTables: ['__drizzle_migrations'],
  marks: (folder) => {
    const both = (name: string) => folderStep.test(name) && folder.has(name.replace(/migration\.sql$/, 'snapshot.json'))
    return folder.has(journalName) || folder.files.some(both) ? 'strong' : undefined
  },
  read: async (folder) => {
    const reading = { folder, tool: 'Drizzle', warnings: [] as string[] }
    const files = folder.has(journalName) ? await filesOfJournal(reading) : filesOfFolders(folder)
    const steps: HistoryStep[] = []
    for (const { name, file, version, refusal } of files) {
      const step = await readStep(reading, { name, version, files: folder.has(file) ? [file] : [], batch: 'pending' }, async () => {
        if (refusal !== undefined) throw refusal
        const up = await scriptOf(reading, file, { mode: 'transaction' })
        warnOfTransactionControl(reading, up)
        return { up, batch: breaksOut(up) ? undefined : 'pending' }
      })
      steps.push(step)
    }
    const taken = new Set(files.map(({ file }) => file))
    const rest = folder.files.filter((name) => !taken.has(name))
    const because = folder.has(journalName) ? `not in "${journalName}"` : 'not "<timestamp>_<name>/migration.sql"'
    return { steps, ignored: ignoredFiles(rest, because), warnings: reading.warnings, downs: 'none' }
  },
}

interface StepFile {
  readonly name: string
  readonly file: string
  readonly version: string
  /** Why Drizzle stops there. */
  readonly refusal?: InputError | undefined
}

function filesOfFolders(folder: Folder): readonly StepFile[] {
  return folder.files
    .flatMap((file) => folderStep.exec(file)?.[1] ?? [])
    .sort((a, b) => a.localeCompare(b))
    .map((name) => ({ name, file: `${name}/migration.sql`, version: name }))
}

/** @throws {InputError} for a journal that Drizzle cannot follow. */
async function filesOfJournal({ folder, warnings }: Reading): Promise<readonly StepFile[]> {
  const shown = folder.shown(journalName)
  const entries = parseJournal(shown, await folder.text(journalName))
  let newest: Entry | undefined
  for (const entry of entries) {
    // Drizzle compares `when` with that of the last applied step only.
    if (newest !== undefined && entry.when <= newest.when) {
      warnings.push(
        `"${shown}": "${entry.tag}" is not newer than "${newest.tag}" before it: Drizzle skips it in silence where that was applied earlier`,
      )
    } else newest = entry
  }
  return entries.map(({ tag, when }, at) => ({
    name: `${tag}.sql`,
    file: `${tag}.sql`,
    version: String(when),
    refusal: refusalOf(folder, entries, at),
  }))
}

function refusalOf(folder: Folder, entries: readonly Entry[], at: number): InputError | undefined {
  const [shown, tag] = [folder.shown(journalName), entries[at]?.tag ?? '']
  if (entries.slice(0, at).some((earlier) => earlier.tag === tag)) {
    return new InputError(`"${shown}" names "${tag}" twice`, { hint: 'Keep one entry for each file.' })
  }
  if (folder.has(`${tag}.sql`)) return undefined
  return new InputError(`"${shown}" names "${tag}", but there is no "${folder.shown(`${tag}.sql`)}"`, {
    hint: 'Restore the file, or take the entry out.',
  })
}

function parseJournal(shown: string, text: string): readonly Entry[] {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    const conflict = /^<{7}/m.test(text) ? 'It holds the marks of a merge conflict.' : undefined
    throw new InputError(`"${shown}" is not JSON`, {
      detail: conflict ?? String(cause),
      hint: 'Mend it; each entry has idx, when and tag.',
      cause,
    })
  }
  const checked = journalSchema.safeParse(json)
  if (!checked.success) throw new InputError(`"${shown}" is no journal of Drizzle's`, { detail: z.prettifyError(checked.error) })
  const { dialect, entries } = checked.data
  if (dialect !== undefined && dialect !== 'postgresql' && dialect !== 'pg') {
    throw new InputError(`"${shown}" says dialect "${dialect}"`, { hint: 'Only migrations for PostgreSQL can be verified.' })
  }
  return entries
}
