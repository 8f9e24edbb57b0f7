import type { Step } from '../migration/index.ts'
import { controlsTransaction, isStandalone } from '../migration/index.ts'
import type { Folder } from './folder.ts'
import type { Format } from './format.ts'
import type { OpaqueStep } from './history.ts'
import { ignoredFiles } from './ignored.ts'
import { duplicateCheck, readStep } from './read-step.ts'
import { type Reading, scriptOf } from './script-of.ts'

const pattern = /^([0-9]+)_([^/]*)\.sql$/

/**
 * `<timestamp>_<name>.sql` in one folder, by name; no downs. A file's statements go in one batch, which is one transaction; those that no
 * transaction takes (CREATE INDEX CONCURRENTLY, VACUUM, …) run alone since version 2.109 of the command.
 *
 * @see https://github.com/supabase/cli/blob/develop/pkg/migration/file.go
 */
export const supabase: Format<'supabase'> = {
  id: 'supabase',
  marker: '"supabase/config.toml" above "supabase/migrations"',
  historyTables: ['schema_migrations'],
  marks: (folder) =>
    /[\\/]supabase[\\/]migrations$/.test(folder.root) && folder.files.some((name) => pattern.test(name)) ? 'strong' : undefined,
  read: async (folder) => {
    const reading = { folder, tool: 'the Supabase CLI', warnings: [] as string[] }
    const steps = []
    const names = folder.files.filter((name) => pattern.test(name) && !isOldInit(folder, name))
    const refuseDuplicate = duplicateCheck(
      folder,
      names.map((name) => ({ name, version: versionOf(name) })),
    )
    for (const name of names) {
      const version = versionOf(name)
      const step = await readStep(reading, { name, version, files: [name] }, async () => {
        refuseDuplicate(name)
        return { up: await supabaseScript(reading, name) }
      })
      steps.push(step)
    }
    const rest = folder.files.filter((name) => !names.includes(name))
    return {
      steps,
      ignored: ignoredFiles(rest, 'not named "<digits>_<name>.sql" in the folder itself'),
      warnings: reading.warnings,
      downs: 'none',
    }
  },
}

function versionOf(name: string): string {
  return pattern.exec(name)?.[1] ?? name
}

/** The command skips a first file of its own early days. */
function isOldInit(folder: Folder, name: string): boolean {
  const [, timestamp = ''] = /^([0-9]{14})_init\.sql$/.exec(name) ?? []
  return timestamp !== '' && timestamp < '20211209000000' && folder.files.find((each) => pattern.test(each)) === name
}

async function supabaseScript(reading: Reading, name: string): Promise<Step | OpaqueStep> {
  const read = await scriptOf(reading, name, { mode: 'transaction' })
  if (read.kind === 'opaque') return read
  const { script } = read
  // An explicit BEGIN in the batch acts as it does in one message.
  if (script.statements.some(controlsTransaction)) return { kind: 'sql', script: { ...script, mode: 'message' } }
  const alone = script.statements.find(isStandalone)
  if (alone === undefined) return read
  if (!script.statements.every(isStandalone)) {
    reading.warnings.push(
      `${alone.file}:${alone.line}: the Supabase CLI runs this statement alone (since 2.109; older ones refuse it): what comes before it stays when a later one fails`,
    )
  }
  return { kind: 'sql', script: { ...script, mode: 'autocommit' } }
}
