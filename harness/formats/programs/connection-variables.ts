import { InputError } from '../../errors.ts'
import { shownPath } from '../../migration/index.ts'
import type { ConnectionPart } from '../history.ts'
import { localImports } from './local-imports.ts'

const read =
  /(?:process\.env|import\.meta\.env)(?:\.|\??\.?\[\s*['"`])(\w+)|(?:environ(?:\.get)?\s*[[(]\s*|getenv\(\s*|\benv(?:\.\w+)?\(\s*|config\(\s*)['"](\w+)['"]|ENV(?:\.fetch\(|\[)\s*['"](\w+)|use_env_variable['"]?\s*:\s*['"](\w+)/g

const meanings: readonly (readonly [RegExp, ConnectionPart])[] = [
  [/(_|^)(URL|URI|DSN)$|CONNECTION(_?STRING)?$|^DATABASE$/i, 'url'],
  [/PORT$/i, 'port'],
  [/PASS(WORD|WD)?$|_PW$/i, 'password'],
  [/(HOST(NAME)?|SERVER|ADDRESS)$/i, 'host'],
  [/(USER(NAME)?|LOGIN)$/i, 'user'],
  [/(DATABASE|DB|DBNAME|DB_NAME|_NAME)$|DATABASE_NAME$/i, 'database'],
]
const ofConnections =
  /^(PG|DB|DATABASE|POSTGRES|SQL|TYPEORM|KNEX|MIKRO_ORM|SEQUELIZE|DJANGO_DB|ALEMBIC)|(_|^)(DB|PG|DATABASE|POSTGRES(QL)?)(_|$)|_(URL|URI|DSN)$|CONNECTION/i

const otherServer =
  /\b(?:client|type|dialect|ENGINE)['"]?\s*[:=]\s*['"](?:[\w.]*\.)?(mysql2?|mariadb|(?:better-)?sqlite3?|mssql|oracle(?:db)?)['"]/i
const postgres = /\b(pg|postgres(ql)?|pg-native|psycopg2?)\b/i

/** What a tool's configuration says of its connection. */
export interface Connection {
  /** The environment variables that it is read from, by their names. */
  readonly variables: Readonly<Record<string, ConnectionPart>>
  /** The port, where the host is read and the port is not. */
  readonly port: number | undefined
}

/**
 * Read what a tool's configuration, with what it imports of the project, says of its connection.
 *
 * @param files  Names in the folder.
 * @throws {InputError} Where all of it is for another server.
 */
export async function readConnection(directory: string, files: readonly string[]): Promise<Connection> {
  const found: Record<string, ConnectionPart> = {}
  let [port, foreign, isPostgres] = [undefined as number | undefined, undefined as string | undefined, false]
  for (const [path, text] of await localImports(directory, files)) {
    foreign ??= otherServer.test(text) ? `"${shownPath(path)}" is for ${otherServer.exec(text)?.[1]}` : undefined
    isPostgres ||= postgres.test(text)
    port ??= Number(/\bport['"]?\s*[:=]\s*['"]?(\d{2,5})\b/i.exec(text)?.[1] ?? 0) || undefined
    for (const match of text.matchAll(read)) {
      const name = match.slice(1).find((each) => each !== undefined) ?? ''
      const part = ofConnections.test(name) ? meanings.find(([pattern]) => pattern.test(name))?.[1] : undefined
      if (part !== undefined) found[name] = part
    }
  }
  if (foreign !== undefined && !isPostgres) throw new InputError(`${foreign}, and not for PostgreSQL`)
  const parts = Object.values(found)
  const fixed = parts.includes('host') && !parts.includes('port') && !parts.includes('url')
  return { variables: found, port: fixed ? (port ?? 5432) : undefined }
}
