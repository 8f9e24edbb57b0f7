import { InputError } from '../errors.ts'
import type { Folder } from './folder.ts'
import type { Format } from './format.ts'
import { ignoredFiles } from './ignored.ts'
import { readStep } from './read-step.ts'
import { downScriptOf, scriptOf } from './script-of.ts'

const pattern = /^([0-9]+)_([^/]*)\.(down|up)\.([^/]*)$/

/**
 * `<version>_<title>.up.sql` and `.down.sql`, in one folder, by number. Each file goes in one message, which the server wraps in a
 * transaction of its own unless the file holds one.
 *
 * @see https://github.com/golang-migrate/migrate/blob/master/source/parse.go
 */
export const golangMigrate: Format<'golang-migrate'> = {
  id: 'golang-migrate',
  marker: '"<number>_<title>.up.sql"',
  historyTables: ['schema_migrations'],
  marks: (folder) => (folder.files.some((name) => pattern.exec(name)?.[3] === 'up' && name.endsWith('.sql')) ? 'weak' : undefined),
  read: async (folder) => {
    const reading = { folder, tool: 'golang-migrate', warnings: [] as string[] }
    const steps = []
    for (const { version, up, down, refusal } of filesByVersion(folder)) {
      const files = [up, down].filter((name) => name !== undefined)
      const step = await readStep(reading, { name: up ?? down ?? '', version: String(version), files }, async () => {
        if (refusal !== undefined) throw refusal
        if (up === undefined) {
          const looked = down?.replace('.down.', '.up.')
          throw new InputError(`"${folder.shown(down ?? '')}" has no up beside it`, { detail: `Looked for "${looked}".` })
        }
        return {
          up: await scriptOf(reading, up, { mode: 'message' }),
          down: down === undefined ? undefined : await downScriptOf(reading, down, { mode: 'message' }),
        }
      })
      steps.push(step)
    }
    const rest = folder.files.filter((name) => !pattern.test(name) || !name.endsWith('.sql'))
    return {
      steps,
      ignored: ignoredFiles(rest, 'not named "<number>_<title>.up.sql" or ".down.sql" in the folder itself'),
      warnings: reading.warnings,
      downs: 'required',
    }
  },
}

interface Files {
  readonly version: bigint
  readonly up?: string
  readonly down?: string
  /** Why the tool stops there: a second file of one version and direction, which stands by itself. */
  readonly refusal?: InputError
}

function filesByVersion(folder: Folder): readonly Files[] {
  const versions = new Map<bigint, Files>()
  const twice: Files[] = []
  for (const name of folder.files.filter((each) => each.endsWith('.sql'))) {
    const [, digits = '', , direction] = pattern.exec(name) ?? []
    if (direction !== 'up' && direction !== 'down') continue
    const version = BigInt(digits)
    const known = versions.get(version) ?? { version }
    const other = known[direction]
    if (other === undefined) {
      versions.set(version, { ...known, [direction]: name })
      continue
    }
    const refusal = new InputError(`two files have version ${version}: "${folder.shown(other)}" and "${folder.shown(name)}"`, {
      hint: 'Give one of them another number.',
    })
    twice.push({ version, [direction]: name, refusal })
  }
  return [...versions.values(), ...twice].sort((a, b) => (a.version < b.version ? -1 : a.version > b.version ? 1 : 0))
}
