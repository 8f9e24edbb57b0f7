import { InputError } from '../errors.ts'
import type { Step } from '../migration/index.ts'
import { controlsTransaction, isStandalone } from '../migration/index.ts'
import { opaqueProgram } from './file-names.ts'
import type { Folder } from './folder.ts'
import type { Format } from './format.ts'
import type { OpaqueStep } from './history.ts'
import { ignoredFiles } from './ignored.ts'
import { dependencyOf } from './package-json.ts'
import { readStep } from './read-step.ts'
import { downScriptOf, type Reading, scriptOf } from './script-of.ts'

const lock = 'migration_lock.toml'
const program = /^[^/]+\/migration\.[cm]?[jt]s$/

/**
 * A folder for each step with `migration.sql`, by the folder's name. The file goes in one message, which the server wraps in a transaction
 * unless the file holds one; since 7.4 Prisma runs a file with CONCURRENTLY statement by statement. A `down.sql` is a convention: nothing
 * of Prisma's runs it.
 *
 * @see https://www.prisma.io/docs/orm/prisma-migrate/understanding-prisma-migrate/migration-histories
 */
export const prisma: Format<'prisma'> = {
  id: 'prisma',
  marker: '"migration_lock.toml", or folders with "migration.sql"',
  historyTables: ['_prisma_migrations'],
  marks: (folder) => (folder.has(lock) ? 'strong' : folder.files.some((name) => /^[^/]+\/migration\.sql$/.test(name)) ? 'weak' : undefined),
  read: async (folder) => {
    await refuseOtherProvider(folder)
    const reading = { folder, tool: 'Prisma', warnings: [] as string[] }
    const splits = await splitsConcurrently(folder.root)
    const steps = []
    const taken = new Set<string>()
    for (const name of directoriesOf(folder)) {
      const [file, down] = [`${name}/migration.sql`, `${name}/down.sql`]
      const code = folder.files.find((each) => each.startsWith(`${name}/`) && program.test(each))
      if (!folder.has(file) && code === undefined) {
        reading.warnings.push(`"${folder.shown(name)}" has no "migration.sql": Prisma stops there (P3015)`)
        continue
      }
      const files = [file, down, code].filter((each) => each !== undefined && folder.has(each)) as readonly string[]
      for (const each of files) taken.add(each)
      const step = await readStep(reading, { name, version: name, files }, async () => ({
        up: folder.has(file) ? await prismaScript(reading, file, splits) : opaqueProgram(folder, code ?? name),
        down: folder.has(down) ? await downScriptOf(reading, down, { mode: 'message' }) : undefined,
      }))
      steps.push(step)
    }
    const rest = folder.files.filter((name) => !taken.has(name))
    return { steps, ignored: ignoredFiles(rest, 'not "<step>/migration.sql"'), warnings: reading.warnings, downs: 'none' }
  },
}

function directoriesOf(folder: Folder): readonly string[] {
  return [...new Set(folder.files.filter((name) => name.includes('/')).map((name) => name.slice(0, name.indexOf('/'))))].sort()
}

async function refuseOtherProvider(folder: Folder): Promise<void> {
  if (!folder.has(lock)) return
  const provider = /^\s*provider\s*=\s*"([^"]*)"/m.exec(await folder.text(lock))?.[1]
  if (provider === undefined || /^(postgres(ql)?|cockroachdb)$/.test(provider)) return
  throw new InputError(`"${folder.shown(lock)}" says provider "${provider}"`, { hint: 'Only migrations for PostgreSQL can be verified.' })
}

/** Since 7.4 Prisma splits a file with CREATE or DROP INDEX CONCURRENTLY and runs it outside a transaction. */
async function prismaScript(reading: Reading, name: string, splits: boolean | undefined): Promise<Step | OpaqueStep> {
  const read = await scriptOf(reading, name, { mode: 'message' })
  if (read.kind === 'opaque' || read.script.statements.length < 2) return read
  const { script } = read
  const alone = script.statements.find(isStandalone)
  if (alone === undefined || script.statements.some(controlsTransaction) || !/^(Index|Drop)Stmt$/.test(alone.node)) return read
  const place = `${alone.file}:${alone.line}`
  if (splits === false) {
    reading.warnings.push(`${place}: Prisma before 7.4 sends the file whole, and the server refuses CONCURRENTLY in it`)
    return read
  }
  const assumed = splits === undefined ? ' (no package.json says which version; older ones refuse it)' : ''
  reading.warnings.push(
    `${place}: Prisma 7.4 and later run such a file statement by statement, so what comes before a failure stays${assumed}`,
  )
  return { kind: 'sql', script: { ...script, mode: 'autocommit' } }
}

/** Whether the project's Prisma is 7.4 or later; undefined where no package.json says. */
async function splitsConcurrently(root: string): Promise<boolean | undefined> {
  const [, major, minor] = /(\d+)(?:\.(\d+))?/.exec((await dependencyOf(root, ['prisma', '@prisma/client'])) ?? '') ?? []
  if (major === undefined) return undefined
  // A range without a minor version takes the newest.
  return Number(major) > 7 || (Number(major) === 7 && Number(minor ?? 99) >= 4)
}
