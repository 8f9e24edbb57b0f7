import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ConnectionPart } from '../history.ts'

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

/**
 * The environment variables that a tool's configuration reads a connection from, by their names.
 *
 * @param files  Names in the folder.
 */
export async function connectionVariables(directory: string, files: readonly string[]): Promise<Readonly<Record<string, ConnectionPart>>> {
  const found: Record<string, ConnectionPart> = {}
  for (const file of files) {
    const text = await readFile(join(directory, file), 'utf8').catch(() => '')
    for (const match of text.matchAll(read)) {
      const name = match.slice(1).find((each) => each !== undefined) ?? ''
      const part = ofConnections.test(name) ? meanings.find(([pattern]) => pattern.test(name))?.[1] : undefined
      if (part !== undefined) found[name] = part
    }
  }
  return found
}
