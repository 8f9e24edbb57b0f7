import type { ForeignServer } from './foreign-tables.ts'

/** Files of the machine of the database's server, which are not here. */
const filesThere = ['sslcert', 'sslkey', 'sslrootcert', 'sslcrl', 'sslcrldir', 'passfile', 'service', 'gsslib', 'krbsrvname']

/**
 * The URLs by which a foreign server of `postgres_fdw` can be reached from here, in the order in which libpq would try them. They hold the
 * password of the user mapping.
 *
 * @returns A text where there is none: why, as the end of a sentence.
 */
export function urlsOf({ name, postgres, options, mapping }: ForeignServer): readonly string[] | string {
  if (!postgres) return `the wrapper of the foreign server "${name}" is not postgres_fdw`
  if (mapping === undefined) return `the role has no user mapping with options for the foreign server "${name}", or may not see it`
  const { user, password } = mapping
  if (user === undefined || password === undefined)
    return `the user mapping for the foreign server "${name}" has no ${user === undefined ? 'user' : 'password'}`
  const file = filesThere.find((option) => options[option] !== undefined || mapping[option] !== undefined)
  if (file !== undefined) return `the foreign server "${name}" has the option ${file}, which only the server of the database can use`
  const host = options.hostaddr ?? options.host
  const port = options.port ?? '5432'
  if (host === undefined || host === '') return `the foreign server "${name}" names no host`
  if (`${host}${port}`.includes(',')) return `the foreign server "${name}" names several hosts`
  const url = new URL(`postgresql://${host.startsWith('/') ? 'localhost' : host}:${port}/`)
  url.pathname = `/${encodeURIComponent(options.dbname ?? user)}`
  url.username = encodeURIComponent(user)
  url.password = encodeURIComponent(password)
  if (host.startsWith('/')) url.searchParams.set('host', host)
  return modesOf(options.sslmode, host).map((mode) => {
    const each = new URL(url)
    if (mode !== 'disable') each.searchParams.set('sslmode', mode)
    // As libpq understands sslmode, which wants no trusted certificate where the mode does not say so.
    if (mode !== 'disable') each.searchParams.set('uselibpqcompat', 'true')
    return each.href
  })
}

/** By a socket there is no encryption. `prefer` is libpq's default. */
function modesOf(mode: string | undefined, host: string): readonly string[] {
  if (host.startsWith('/')) return ['disable']
  if (mode === undefined || mode === 'prefer') return ['require', 'disable']
  return mode === 'allow' ? ['disable', 'require'] : [mode]
}
