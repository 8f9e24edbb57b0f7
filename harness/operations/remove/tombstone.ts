import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EnvironmentError, InputError } from '../../errors.ts'
import { openDatabase, quoteIdentifier, quoteLiteral, quoteName, type RelationName, type Session } from '../../postgres/index.ts'
import { cancelOnAbort } from '../ready/ask.ts'
import { withRefusals } from '../ready/refusal.ts'

/** The four files of a removal in two steps, each step with its way back. */
export interface Tombstone {
  /** Takes all rights on the relation away: whoever still uses it gets an error that names it. */
  readonly tombstone: string
  readonly tombstoneBack: string
  /** Undefined for a table: what it held is in no file. */
  readonly drop: string | undefined
  readonly dropBack: string | undefined
}

interface Commented {
  readonly name: string
  readonly definition: string
  readonly comment: string | null
}

interface Known {
  readonly kind: string
  readonly owner: string
  readonly options: readonly string[]
  readonly definition: string | null
  readonly comment: string | null
  readonly triggers: readonly Commented[]
  readonly rules: readonly Commented[]
  /** Who gets rights on a new relation by default. */
  readonly byDefault: readonly (string | null)[]
  readonly columns: readonly { readonly name: string; readonly comment: string | null; readonly default: string | null }[]
}

interface Grant {
  /** Null for PUBLIC. */
  readonly role: string | null
  /** Null for the owner. */
  readonly grantor: string | null
  readonly privilege: string
  readonly grantable: boolean
  /** Null for the whole relation. */
  readonly column: string | null
}

const known = `
SELECT c.relkind::text AS kind, pg_get_userbyid(c.relowner) AS owner, coalesce(to_json(c.reloptions), '[]') AS options,
       CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END AS definition, obj_description(c.oid, 'pg_class') AS comment,
       (SELECT coalesce(json_agg(json_build_object('name', tgname, 'definition', pg_get_triggerdef(oid), 'comment', obj_description(oid, 'pg_trigger')) ORDER BY tgname), '[]')
          FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal) AS triggers,
       (SELECT coalesce(json_agg(json_build_object('name', rulename, 'definition', pg_get_ruledef(oid), 'comment', obj_description(oid, 'pg_rewrite')) ORDER BY rulename), '[]') FROM pg_rewrite WHERE ev_class = c.oid AND rulename <> '_RETURN') AS rules,
       (SELECT coalesce(json_agg(DISTINCT CASE grantee WHEN 0 THEN NULL ELSE pg_get_userbyid(grantee) END), '[]') FROM pg_default_acl, aclexplode(defaclacl) WHERE defaclobjtype = 'r') AS "byDefault",
       (SELECT json_agg(json_build_object('name', attname, 'comment', col_description(c.oid, attnum), 'default', pg_get_expr(d.adbin, d.adrelid)) ORDER BY attnum)
          FROM pg_attribute LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = attnum WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns
  FROM pg_class AS c WHERE c.oid = to_regclass($1)`

const grants = `
SELECT CASE grantee WHEN 0 THEN NULL ELSE pg_get_userbyid(grantee) END AS role, CASE WHEN grantor <> relowner THEN pg_get_userbyid(grantor) END AS grantor, privilege_type AS privilege, is_grantable AS grantable, NULL AS column
  FROM pg_class, aclexplode(coalesce(relacl, acldefault('r', relowner))) WHERE oid = to_regclass($1)
UNION ALL
SELECT CASE grantee WHEN 0 THEN NULL ELSE pg_get_userbyid(grantee) END, CASE WHEN grantor <> relowner THEN pg_get_userbyid(grantor) END, privilege_type, is_grantable, attname
  FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid, aclexplode(attacl) WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped
 ORDER BY 5 NULLS FIRST, 1 NULLS FIRST, 3`

/**
 * SQL that removes a relation in two steps, with the way back of each, from what a database has now. It is only read.
 *
 * @throws {InputError} When there is no such table or view.
 * @throws {EnvironmentError} When the server does not answer.
 */
export async function tombstoneOf(
  relation: RelationName,
  { url, signal }: { readonly url: string; readonly signal: AbortSignal },
): Promise<Tombstone> {
  const database = await openDatabase(url)
  await using session = await database.connect()
  using _ = cancelOnAbort(database, session, signal)
  return await withRefusals(`${quoteName(relation)} cannot be read in ${database.place}`, () =>
    tombstoneIn(session, relation, database.place),
  )
}

/** The same in a session that is open. */
export async function tombstoneIn(session: Session, relation: RelationName, place: string): Promise<Tombstone> {
  const name = quoteName(relation)
  // With nothing in the search path every name is written with its schema.
  await session.script(`SET search_path = ''`)
  const [found] = await session.query<Known>(known, [name])
  if (found === undefined || !'rpvm'.includes(found.kind))
    throw new InputError(`there is no table or view ${name} in ${place}`, { hint: 'Write it as in orders, sales.orders or "Order".' })
  const held = await session.query<Grant>(grants, [name])
  const roles = [...new Map(held.map((grant) => [grant.role, roleText(grant.role)])).values()]
  const granted = inOrder(held)
    .map((grant) => `${grantText(grant, name)};\n`)
    .join('')
  const fresh = [found.owner, ...found.byDefault].map(roleText)
  const tombstone = `-- Nobody may use it any more, and nothing of it is lost: whoever still does gets "permission denied for ${relation.name}".
${roles.map((role) => revokeText(role, name)).join('')}${columnRevokes(held, name)}`
  const tombstoneBack = `-- All rights as they were.\n${granted}`
  if (found.kind !== 'v') return { tombstone, tombstoneBack, drop: undefined, dropBack: undefined }
  return {
    tombstone,
    tombstoneBack,
    // RESTRICT: what depends on it is no business of this file.
    drop: `DROP VIEW ${name} RESTRICT;\n`,
    dropBack: viewText(found, name, [...new Set([...roles, ...fresh])].map((role) => revokeText(role, name)).join('') + granted),
  }
}

function viewText({ owner, options, definition, comment, triggers, rules, columns }: Known, name: string, rights: string): string {
  const check = options.find((each) => each.startsWith('check_option='))?.slice('check_option='.length)
  const others = options.filter((each) => !each.startsWith('check_option='))
  const given = others.length === 0 ? '' : ` WITH (${others.join(', ')})`
  const body = (definition ?? '').trim().replace(/;$/, '')
  return [
    `CREATE VIEW ${name}${given} AS\n${body}${check === undefined ? '' : `\nWITH ${check.toUpperCase()} CHECK OPTION`}`,
    ...columns.flatMap((each) =>
      each.default === null ? [] : [`ALTER VIEW ${name} ALTER COLUMN ${quoteIdentifier(each.name)} SET DEFAULT ${each.default}`],
    ),
    ...(comment === null ? [] : [`COMMENT ON VIEW ${name} IS ${quoteLiteral(comment)}`]),
    ...columns.flatMap((each) =>
      each.comment === null ? [] : [`COMMENT ON COLUMN ${name}.${quoteIdentifier(each.name)} IS ${quoteLiteral(each.comment)}`],
    ),
    ...[...triggers, ...rules].map((each) => each.definition.trim().replace(/;$/, '')),
    ...triggers.flatMap((each) => commentText('TRIGGER', each, name)),
    ...rules.flatMap((each) => commentText('RULE', each, name)),
    `ALTER VIEW ${name} OWNER TO ${quoteIdentifier(owner)}`,
  ]
    .map((each) => `${each};\n`)
    .join('')
    .concat(`-- Rights as they were before the tombstone.\n${rights}`)
}

function commentText(kind: 'TRIGGER' | 'RULE', { name, comment }: Commented, on: string): readonly string[] {
  return comment === null ? [] : [`COMMENT ON ${kind} ${quoteIdentifier(name)} ON ${on} IS ${quoteLiteral(comment)}`]
}

/** What a role granted further goes with it: every right comes from the owner in the end. */
function revokeText(role: string, name: string): string {
  return `REVOKE ALL ON ${name} FROM ${role} CASCADE;\n`
}

/** A right that somebody else than the owner granted comes behind the one that let him. */
function inOrder(held: readonly Grant[]): readonly Grant[] {
  const ordered: Grant[] = []
  const lets = (by: string | null, { privilege, column }: Grant) =>
    by === null ||
    ordered.some(
      (each) => each.role === by && each.grantable && each.privilege === privilege && (each.column === null || each.column === column),
    )
  let left = held
  while (left.length > 0) {
    const ready = left.filter((each) => lets(each.grantor, each))
    if (ready.length === 0) return [...ordered, ...left]
    ordered.push(...ready)
    left = left.filter((each) => !ready.includes(each))
  }
  return ordered
}

function roleText(role: string | null): string {
  return role === null ? 'PUBLIC' : quoteIdentifier(role)
}

function grantText({ role, grantor, privilege, grantable, column }: Grant, name: string): string {
  const of = column === null ? '' : ` (${quoteIdentifier(column)})`
  const grant = `GRANT ${privilege}${of} ON ${name} TO ${roleText(role)}${grantable ? ' WITH GRANT OPTION' : ''}`
  // PostgreSQL takes a GRANT only from the role that gives it.
  return grantor === null ? grant : `SET ROLE ${quoteIdentifier(grantor)};\n${grant};\nRESET ROLE`
}

/** REVOKE ALL on the relation takes rights on its columns along; those of roles that have nothing else are named for the reader. */
function columnRevokes(held: readonly Grant[], name: string): string {
  const columns = held.filter(({ column }) => column !== null)
  return columns.length === 0 ? '' : `-- That takes ${columns.length} rights on single columns of ${name} along.\n`
}

const files = { tombstone: 'tombstone.sql', tombstoneBack: 'tombstone.back.sql', drop: 'drop.sql', dropBack: 'drop.back.sql' } as const

/**
 * Write the files into a folder, which is made where it is not there; nothing is overwritten.
 *
 * @returns Their paths.
 * @throws {InputError} When one of them is there already.
 * @throws {EnvironmentError} When the folder cannot be written.
 */
export async function writeTombstone(found: Tombstone, folder: string): Promise<readonly string[]> {
  const written: string[] = []
  for (const [key, file] of Object.entries(files)) {
    const text = found[key as keyof Tombstone]
    if (text === undefined) continue
    const path = join(folder, file)
    try {
      await mkdir(folder, { recursive: true })
      await writeFile(path, text, { flag: 'wx' })
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code === 'EEXIST') throw new InputError(`"${path}" is there already`, { hint: 'Name another folder with --out.', cause: error })
      throw new EnvironmentError(`"${path}" cannot be written`, { detail: `${message}.`, cause: error })
    }
    written.push(path)
  }
  return written
}
