/** The letters of `aclitem` (PostgreSQL documentation, table 5.1). */
const privileges: Readonly<Record<string, string>> = {
  r: 'SELECT',
  a: 'INSERT',
  w: 'UPDATE',
  d: 'DELETE',
  D: 'TRUNCATE',
  x: 'REFERENCES',
  t: 'TRIGGER',
  m: 'MAINTAIN',
  X: 'EXECUTE',
  U: 'USAGE',
  C: 'CREATE',
  c: 'CONNECT',
  T: 'TEMPORARY',
  s: 'SET',
  A: 'ALTER SYSTEM',
}

/**
 * The grants in an access list, one text each, sorted: `SELECT to alice`, `UPDATE to bob with grant option by carol`.
 *
 * The object's owner is written `<owner>`, and not named as the grantor, so that a change of owner alone changes no grant.
 *
 * @param acl  Items as `aclitemout` writes them, e.g. `alice=arw/postgres` (a star after a letter is the grant option); an empty grantee is PUBLIC.
 */
export function privilegesOf(acl: readonly string[], owner: string): readonly string[] {
  return acl.flatMap((item) => grantsOf(item, owner)).sort()
}

function grantsOf(item: string, owner: string): string[] {
  const parts = /^("(?:[^"]|"")*"|[^="]*)=([^/]*)\/(.*)$/s.exec(item)
  if (!parts) return [item]
  const [grantee, letters, grantor] = [unquote(parts[1] ?? ''), parts[2] ?? '', unquote(parts[3] ?? '')]
  const to = grantee === '' ? 'PUBLIC' : grantee === owner ? '<owner>' : grantee
  const by = grantor === owner ? '' : ` by ${grantor}`
  return [...letters.matchAll(/([a-zA-Z])([*]?)/g)].map(
    ([, letter = '', star]) => `${privileges[letter] ?? letter} to ${to}${star ? ' with grant option' : ''}${by}`,
  )
}

function unquote(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name
}
