import { InputError } from '../../errors.ts'
import type { Folder } from './folder.ts'
import type { Format } from './format.ts'
import { ignoredFiles } from './ignored.ts'
import { makeStep } from './make-step.ts'
import { downScriptOf, scriptOf } from './script-of.ts'

const pattern = /^([0-9]+)_([^/]*)\.(down|up)\.([^/]*)$/

/**
 * `<version>_<title>.up.sql` and `.down.sql`, in one folder, by number. Each file goes in one message, which the server wraps in a
 * transaction of its own unless the file holds one.
 *
 * @see https://github.com/golang-migrate/migrate/blob/master/source/parse.go
 */
export const golangMigrate: Format = {
  name: 'golang-migrate',
  marker: '"<number>_<title>.up.sql"',
  marks: (folder) => (folder.files.some((name) => pattern.exec(name)?.[3] === 'up' && name.endsWith('.sql')) ? 'weak' : undefined),
  read: async (folder) => {
    const versions = versionsOf(folder)
    const reading = { folder, tool: 'golang-migrate', warnings: [] as string[] }
    const steps = []
    for (const [version, { up, down }] of [...versions].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (up === undefined) {
        const name = down ?? ''
        throw new InputError(`"${folder.shown(name)}" has no up beside it`, { detail: `Looked for "${name.replace('.down.', '.up.')}".` })
      }
      steps.push(
        await makeStep(folder, {
          name: up,
          version: String(version),
          files: down === undefined ? [up] : [up, down],
          up: await scriptOf(reading, up, { mode: 'message' }),
          down: down === undefined ? undefined : await downScriptOf(reading, down, { mode: 'message' }),
        }),
      )
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
  readonly up?: string
  readonly down?: string
}

/** @throws {InputError} for two files of one version and direction, as the tool's own. */
function versionsOf(folder: Folder): ReadonlyMap<bigint, Files> {
  const versions = new Map<bigint, Files>()
  for (const name of folder.files.filter((each) => each.endsWith('.sql'))) {
    const [, digits = '', , direction] = pattern.exec(name) ?? []
    if (direction !== 'up' && direction !== 'down') continue
    const version = BigInt(digits)
    const known = versions.get(version) ?? {}
    const other = known[direction]
    if (other !== undefined) {
      throw new InputError(`two files have version ${version}: "${folder.shown(other)}" and "${folder.shown(name)}"`, {
        hint: 'Give one of them another number.',
      })
    }
    versions.set(version, { ...known, [direction]: name })
  }
  return versions
}
