import { readFile } from 'node:fs/promises'
import { InputError } from '../errors.ts'
import { applyStep, type Migration, parseScript, type Script } from '../migration/index.ts'
import { type Cluster, type Database, quoteIdentifier, StatementError, type Template } from '../postgres/index.ts'
import type { VerifyOptions } from './options.ts'
import { sha256 } from './seed.ts'

/** Who applies migrations: a role's name, or undefined for the harness's own user (a cluster where it is no superuser). */
export function roleOf(cluster: Cluster, options: VerifyOptions): string | undefined {
  return options.runAs ?? (cluster.superuser ? cluster.owner : undefined)
}

/**
 * The template that holds the legacy schema of a migration, without rows.
 *
 * @throws {InputError} When the prelude or the legacy schema fails, with file, line and SQLSTATE; when an extension is not there.
 */
export async function legacyTemplate(cluster: Cluster, migration: Migration, options: VerifyOptions): Promise<Template> {
  const prelude = options.prelude === undefined ? undefined : await readPrelude(options.prelude)
  const role = roleOf(cluster, options)
  const extensions = neededExtensions([...migration.legacy, ...(migration.up.kind === 'sql' ? [migration.up.script] : [])])
  const key = sha256(
    [
      'legacy',
      cluster.version.text,
      role ?? '',
      prelude?.text ?? '',
      JSON.stringify(extensions),
      JSON.stringify(options.skipExtensions ?? []),
      ...migration.legacy.map((each) => each.text),
    ].join('\u0000'),
  )
  return cluster.template(key, async (database) => {
    const made = await createExtensions(database, extensions, options.skipExtensions ?? [])
    if (prelude !== undefined) await applyLegacy(database, prelude, undefined, 'prelude')
    if (options.runAs !== undefined) await grantDatabase(database, options.runAs)
    for (const script of migration.legacy) await applyLegacy(database, withoutExtensions(script, made), role, 'legacy schema')
  })
}

async function readPrelude(file: string): Promise<Script> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new InputError(`the prelude "${file}" cannot be read`, { cause })
  })
  return parseScript(file, text)
}

async function applyLegacy(database: Database, script: Script, role: string | undefined, what: string): Promise<void> {
  await using session = await database.connect({ as: role === undefined ? 'superuser' : { role } })
  const outcome = await applyStep(session, { kind: 'sql', script })
  if (outcome.outcome === 'applied') return
  const { failure } = outcome
  throw new InputError(`the ${what} fails at ${failure.file}:${failure.line}: ${failure.message} (${failure.sqlstate})`, {
    detail:
      [failure.detail, failure.statement === undefined ? undefined : `Statement: ${failure.statement.text.slice(0, 300)}`]
        .filter((each) => each !== undefined)
        .join('\n') || undefined,
    hint:
      failure.hint ??
      (/does not exist$/.test(failure.message) ? 'What it needs beforehand can be made by an SQL file: --prelude FILE.' : undefined),
  })
}

/** Names after CREATE EXTENSION: a non-superuser could not create most of them, so the superuser does beforehand. */
export function neededExtensions(scripts: readonly Script[]): readonly string[] {
  const names = scripts.flatMap(({ statements }) =>
    statements.filter((each) => each.node === 'CreateExtensionStmt').flatMap(({ tree }) => extensionName(tree)),
  )
  return [...new Set(names)]
}

function extensionName(tree: unknown): readonly string[] {
  const text = JSON.stringify(tree)
  const name = /"extname":("(?:[^"\\]|\\.)*")/.exec(text)?.[1]
  return name === undefined ? [] : [String(JSON.parse(name))]
}

/** Create those that only a superuser may; the trusted ones the owner of the database creates where the script says so. */
async function createExtensions(database: Database, names: readonly string[], skipped: readonly string[]): Promise<ReadonlySet<string>> {
  const made = new Set<string>()
  if (names.length === 0) return made
  await using session = await database.connect()
  for (const name of names) {
    if (skipped.includes(name)) {
      made.add(name)
      continue
    }
    const versions = await session.query<{ trusted: boolean }>(
      'SELECT trusted FROM pg_catalog.pg_available_extension_versions WHERE name = $1',
      [name],
    )
    if (versions.length === 0) {
      throw new InputError(`the extension "${name}" is not installed on this server`, {
        hint: `Use a server that has it (--postgres docker:IMAGE or a URL), or leave out what depends on it: --skip-extension ${name}.`,
      })
    }
    if (versions.some((each) => each.trusted)) continue
    await session.script(`CREATE EXTENSION IF NOT EXISTS ${quoteIdentifier(name)} CASCADE`)
    made.add(name)
  }
  return made
}

/** A script without the statements that create or drop what the superuser made beforehand, or what is to be skipped. */
export function withoutExtensions(script: Script, made: ReadonlySet<string>): Script {
  if (made.size === 0) return script
  const concerns = (statement: Script['statements'][number]) =>
    (statement.node === 'CreateExtensionStmt' && extensionName(statement.tree).some((name) => made.has(name))) ||
    droppedExtensions(statement).some((name) => made.has(name))
  return { ...script, statements: script.statements.filter((each) => !concerns(each)) }
}

function droppedExtensions(statement: Script['statements'][number]): readonly string[] {
  const text = statement.node === 'DropStmt' ? JSON.stringify(statement.tree) : ''
  return text.includes('"removeType":"OBJECT_EXTENSION"')
    ? [...text.matchAll(/"sval":("(?:[^"\\]|\\.)*")/g)].map((match) => String(JSON.parse(match[1] ?? '""')))
    : []
}

async function grantDatabase(database: Database, role: string): Promise<void> {
  await using session = await database.connect()
  const [found] = await session.query('SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1', [role])
  if (found === undefined)
    throw new InputError(`the role "${role}" of --run-as does not exist`, {
      hint: 'Make it in a file given by --prelude, or leave the option out.',
    })
  try {
    await session.script(
      `GRANT ALL ON DATABASE ${quoteIdentifier(database.name)} TO ${quoteIdentifier(role)}; GRANT ALL ON SCHEMA public TO ${quoteIdentifier(role)}`,
    )
  } catch (error) {
    if (!(error instanceof StatementError)) throw error
    throw new InputError(`the role "${role}" cannot be given rights on the database: ${error.message}`, { cause: error })
  }
}
