import { delimiter, join, resolve } from 'node:path'
import type { CommandSource, ConnectionPart } from './history.ts'
import { parentsOf } from './parents.ts'

/**
 * The environment in which a tool's command runs: the URL, its parts under the names that the tool's configuration reads, and PostgreSQL's
 * own names; the programs of the project's packages are found first, as `npm run` does.
 *
 * @param url  With user and password.
 * @returns Undefined for a variable that the command must not have.
 */
export function environmentOf(source: CommandSource, url: string): Readonly<Record<string, string | undefined>> {
  const directory = resolve(source.directory ?? '.')
  const bins = parentsOf(directory).map((parent) => join(parent, 'node_modules', '.bin'))
  const parts = partsOf(url)
  const variables: Readonly<Record<string, ConnectionPart>> = {
    PGHOST: 'host',
    PGPORT: 'port',
    PGUSER: 'user',
    PGPASSWORD: 'password',
    PGDATABASE: 'database',
    ...source.variables,
    [source.variable ?? 'DATABASE_URL']: 'url',
  }
  return {
    ...Object.fromEntries(Object.entries(variables).map(([name, part]) => [name, parts[part]])),
    PATH: [...bins, process.env.PATH ?? ''].join(delimiter),
    ...Object.fromEntries([...elsewhere, ...ofVitest()].map((name) => [name, undefined])),
    ...source.environment,
  }
}

/**
 * What would lead libpq to another server, or make it ask for what the connection does not have. An empty text is not as good as none:
 * libpq looks for a service of that name.
 */
const elsewhere = ['PGSERVICE', 'PGSERVICEFILE', 'PGPASSFILE', 'PGHOSTADDR', 'PGSSLMODE', 'PGCHANNELBINDING', 'PGREQUIREAUTH', 'PGOPTIONS']

/** In a spec a tool must do what it does elsewhere: by these it takes another part of its configuration, or prints nothing. */
function ofVitest(): readonly string[] {
  return process.env.VITEST === undefined ? [] : Object.keys(process.env).filter((name) => /^(NODE_ENV|TEST|VITEST.*)$/.test(name))
}

function partsOf(text: string): Readonly<Record<ConnectionPart, string>> {
  const url = new URL(text)
  return {
    url: text,
    host: url.hostname,
    port: url.port === '' ? '5432' : url.port,
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
  }
}
