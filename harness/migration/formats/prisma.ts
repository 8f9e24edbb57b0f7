import { InputError } from '../../errors.ts'
import type { OpaqueStep } from '../history.ts'
import type { Step } from '../model.ts'
import { controlsTransaction } from '../script.ts'
import { isStandalone } from '../standalone.ts'
import type { Folder } from './folder.ts'
import type { Format } from './format.ts'
import { ignoredFiles } from './ignored.ts'
import { makeStep } from './make-step.ts'
import { downScriptOf, scriptOf } from './script-of.ts'

const lock = 'migration_lock.toml'
const program = /^[^/]+\/migration\.[cm]?[jt]s$/

/**
 * A folder for each step with `migration.sql`, by the folder's name. The file goes in one message, which the server wraps in a transaction
 * unless the file holds one; since 7.4 Prisma runs a file with CONCURRENTLY statement by statement. A `down.sql` is a convention: nothing
 * of Prisma's runs it.
 *
 * @see https://www.prisma.io/docs/orm/prisma-migrate/understanding-prisma-migrate/migration-histories
 */
export const prisma: Format = {
  name: 'prisma',
  marker: '"migration_lock.toml", or folders with "migration.sql"',
  marks: (folder) => folder.has(lock) || folder.files.some((name) => /^\d{14}_[^/]+\/migration\.sql$/.test(name)),
  read: async (folder) => {
    await refuseOtherProvider(folder)
    const warnings: string[] = []
    const steps = []
    const taken = new Set<string>()
    for (const name of directoriesOf(folder)) {
      const [file, down] = [`${name}/migration.sql`, `${name}/down.sql`]
      const code = folder.files.find((each) => each.startsWith(`${name}/`) && program.test(each))
      if (!folder.has(file) && code === undefined) {
        warnings.push(`"${folder.shown(name)}" has no "migration.sql": Prisma stops there (P3015)`)
        continue
      }
      const files = [file, down, code].filter((each) => each !== undefined && folder.has(each)) as readonly string[]
      for (const each of files) taken.add(each)
      steps.push(
        await makeStep(folder, {
          name,
          version: name,
          files,
          up: folder.has(file) ? await prismaScript(folder, file, warnings) : opaque(folder, code ?? name),
          down: folder.has(down) ? await downScriptOf(folder, down, 'message', warnings) : undefined,
        }),
      )
    }
    const rest = folder.files.filter((name) => !taken.has(name))
    return { steps, ignored: ignoredFiles(rest, 'not "<step>/migration.sql"'), warnings, downs: 'none' }
  },
}

function directoriesOf(folder: Folder): readonly string[] {
  return [...new Set(folder.files.filter((name) => name.includes('/')).map((name) => name.slice(0, name.indexOf('/'))))].sort()
}

function opaque(folder: Folder, name: string): OpaqueStep {
  return { kind: 'opaque', file: folder.shown(name), because: 'a program, not SQL' }
}

async function refuseOtherProvider(folder: Folder): Promise<void> {
  if (!folder.has(lock)) return
  const provider = /^\s*provider\s*=\s*"([^"]*)"/m.exec(await folder.text(lock))?.[1]
  if (provider === undefined || /^(postgres(ql)?|cockroachdb)$/.test(provider)) return
  throw new InputError(`"${folder.shown(lock)}" says provider "${provider}"`, { hint: 'Only migrations for PostgreSQL can be verified.' })
}

async function prismaScript(folder: Folder, name: string, warnings: string[]): Promise<Step | OpaqueStep> {
  const read = await scriptOf(folder, name, 'message')
  if (read.kind === 'opaque' || read.script.statements.length < 2) return read
  const { script } = read
  const alone = script.statements.find(isStandalone)
  if (alone === undefined || script.statements.some(controlsTransaction) || !/^(Index|Drop)Stmt$/.test(alone.node)) return read
  warnings.push(
    `${alone.file}:${alone.line}: Prisma runs such a file statement by statement since 7.4, so what comes before a failure stays; older ones refuse it`,
  )
  return { kind: 'sql', script: { ...script, mode: 'autocommit' } }
}
