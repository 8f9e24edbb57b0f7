import { InputError } from '../../errors.ts'
import type { OpaqueStep } from '../history.ts'
import type { Step } from '../model.ts'
import { controlsTransaction } from '../script.ts'
import { isStandalone } from '../standalone.ts'
import type { Folder } from './folder.ts'
import type { Format } from './format.ts'
import { ignoredFiles } from './ignored.ts'
import { makeStep } from './make-step.ts'
import { scriptOf } from './script-of.ts'

const pattern = /^([0-9]+)_(.*)\.sql$/

/**
 * `<timestamp>_<name>.sql` in one folder, by name; no downs. A file's statements go in one batch, which is one transaction; those that no
 * transaction takes (CREATE INDEX CONCURRENTLY, VACUUM, …) run alone since version 2.109 of the command.
 *
 * @see https://github.com/supabase/cli/blob/develop/pkg/migration/file.go
 */
export const supabase: Format = {
  name: 'supabase',
  marker: '"supabase/config.toml" above "supabase/migrations"',
  marks: (folder) => /[\\/]supabase[\\/]migrations$/.test(folder.root) && folder.files.some((name) => pattern.test(name)),
  read: async (folder) => {
    const warnings: string[] = []
    const steps = []
    const names = folder.files.filter((name) => pattern.test(name) && !name.includes('/') && !isOldInit(folder, name))
    refuseDuplicates(folder, names)
    for (const name of names) {
      const version = pattern.exec(name)?.[1] ?? name
      steps.push(await makeStep(folder, { name, version, files: [name], up: await supabaseScript(folder, name, warnings) }))
    }
    const rest = folder.files.filter((name) => !names.includes(name))
    return { steps, ignored: ignoredFiles(rest, 'not named "<digits>_<name>.sql" in the folder itself'), warnings, downs: 'none' }
  },
}

/** The command skips a first file of its own early days. */
function isOldInit(folder: Folder, name: string): boolean {
  const [, timestamp = ''] = /^([0-9]{14})_init\.sql$/.exec(name) ?? []
  return timestamp !== '' && timestamp < '20211209000000' && folder.files.find((each) => pattern.test(each)) === name
}

function refuseDuplicates(folder: Folder, names: readonly string[]): void {
  const known = new Map<string, string>()
  for (const name of names) {
    const version = pattern.exec(name)?.[1] ?? ''
    const other = known.get(version)
    if (other !== undefined) {
      throw new InputError(`two files have version ${version}: "${folder.shown(other)}" and "${folder.shown(name)}"`, {
        detail: 'The version is the primary key of supabase_migrations.schema_migrations.',
        hint: 'Give one of them another timestamp.',
      })
    }
    known.set(version, name)
  }
}

async function supabaseScript(folder: Folder, name: string, warnings: string[]): Promise<Step | OpaqueStep> {
  const read = await scriptOf(folder, name, 'transaction')
  if (read.kind === 'opaque') return read
  const { script } = read
  // An explicit BEGIN in the batch acts as it does in one message.
  if (script.statements.some(controlsTransaction)) return { kind: 'sql', script: { ...script, mode: 'message' } }
  const alone = script.statements.find(isStandalone)
  if (alone === undefined) return read
  if (!script.statements.every(isStandalone)) {
    warnings.push(
      `${alone.file}:${alone.line}: the Supabase CLI runs this statement alone (since 2.109; older ones refuse it): what comes before it stays when a later one fails`,
    )
  }
  return { kind: 'sql', script: { ...script, mode: 'autocommit' } }
}
