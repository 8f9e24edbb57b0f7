import type { Catalog } from '../../catalog/index.ts'
import type { Session } from '../../postgres/index.ts'
import type { State } from '../../run/index.ts'
import type { AccessState } from './model.ts'

/** Somebody, as policies tell people apart: settings of the session. */
export interface Identity {
  /** `request.jwt.claim.sub = 5f…`; empty for nobody. */
  readonly label: string
  readonly settings: Readonly<Record<string, string>>
}

export const nobody: Identity = { label: '', settings: {} }

/** People for one relation beside nobody. */
const mostIdentities = 3

/** What tells a platform's users apart, where its functions do not show it in SQL. */
const claimFunctions = /\bauth\.(uid|role|email|jwt)\(/

/** What the policies of one relation say, with the functions that they call. */
export interface PolicyText {
  readonly relation: string
  readonly text: string
  /** Other legacy relations that stand in it. */
  readonly others: readonly string[]
}

/** The policies of these relations, with the bodies of the functions that they call. */
export async function policyTexts(
  session: Session,
  access: AccessState,
  catalog: Catalog,
  relations: readonly string[],
): Promise<readonly PolicyText[]> {
  const functions = await allFunctions(session)
  return relations.map((relation) => {
    const own = (access.relations.get(relation)?.policies ?? []).flatMap((each) => [each.using ?? '', each.check ?? '']).join('\n')
    const text = withBodies(functions, own)
    const words = new Set(text.match(/\w+/g) ?? [])
    const others = [...catalog.relations].flatMap(([path, { name, kind }]) =>
      path !== relation && words.has(name) && (kind === 'table' || kind === 'partitioned-table') ? [path] : [],
    )
    return { relation, text, others }
  })
}

/**
 * People whom the policies of a relation tell apart: nobody, and for each value of an attribute that a policy compares with a setting, one
 * with that value in every setting that it reads. Settings and claims are mined from the policies and from the functions that they call;
 * values are those of the generated rows.
 */
export function identitiesFor({ relation, text, others }: PolicyText, state: State): readonly Identity[] {
  const settings = [...new Set([...text.matchAll(/current_setting\(\s*'([^']+)'/g)].map((match) => match[1] ?? ''))]
  if (settings.length === 0 && !claimFunctions.test(text)) return [nobody]
  const claims = [...new Set(['sub', ...[...text.matchAll(/->>?\s*'([^']+)'/g)].map((match) => match[1] ?? '')])]
  const values = valuesOf(state, [relation, ...others], text).slice(0, mostIdentities)
  return [{ ...nobody, settings: unset(settings) }, ...values.map((value) => identity(value, settings, claims))]
}

function identity(value: string, settings: readonly string[], claims: readonly string[]): Identity {
  const json = JSON.stringify(Object.fromEntries(claims.filter((each) => each !== 'role').map((claim) => [claim, value])))
  return {
    label: `${settings.find((each) => !isClaims(each)) ?? 'request.jwt.claim.sub'} = ${value}`,
    settings: Object.fromEntries(namesOf(settings).map((name) => [name, isClaims(name) ? json : value])),
  }
}

/**
 * Nobody, in a session that was somebody before: a setting of one's own that was set once is the empty text ever after, and not NULL, as on
 * a pooled connection. That it never was set cannot be had twice in a session.
 */
function unset(settings: readonly string[]): Identity['settings'] {
  return Object.fromEntries(namesOf(settings).map((name) => [name, isClaims(name) ? '{}' : '']))
}

function namesOf(settings: readonly string[]): readonly string[] {
  return [...new Set([...settings, 'request.jwt.claims', 'request.jwt.claim.sub'])].filter((each) => each !== 'request.jwt.claim.role')
}

function isClaims(setting: string): boolean {
  return /(^|\.)claims?$/.test(setting)
}

/** Values of the attributes that policies name, those that stand beside a setting first. */
function valuesOf(state: State, relations: readonly string[], text: string): readonly string[] {
  const named = [...state.catalog.relations].filter(([path]) => relations.includes(path))
  const found = named.flatMap(([path, relation]) => {
    const table = state.rows.get(path)
    if (table === undefined) return []
    return relation.attributes
      .filter(
        (each) => new RegExp(`\\b${plain(each.name)}\\b`).test(text) && /^(uuid|text|character varying|integer|bigint)/.test(each.type),
      )
      .map((each) => ({
        beside: isBeside(text, each.name),
        cells: table.rows.map((row) => row[table.attributes.indexOf(each.name)] ?? null),
      }))
  })
  const ordered = [...found.filter((each) => each.beside), ...found.filter((each) => !each.beside)]
  return [...new Set(ordered.flatMap(({ cells }) => [...new Set(cells.flatMap((cell) => cell ?? []))].slice(0, 2)))]
}

function isBeside(text: string, name: string): boolean {
  const reader = String.raw`[^\n=]*(current_setting|auth\.|claim|uid\()`
  return new RegExp(`\\b${plain(name)}\\b\\W*=${reader}|${reader}[^\\n=]*=\\W*(\\w+\\.)?${plain(name)}\\b`).test(text)
}

function plain(name: string): string {
  return name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

interface UserFunction {
  readonly name: string
  readonly body: string
}

async function allFunctions(session: Session): Promise<readonly UserFunction[]> {
  const [result] = await session.script(
    `SELECT p.proname, coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc) FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
      WHERE p.oid >= 16384 AND l.lanname IN ('sql', 'plpgsql')`,
  )
  return (result?.rows ?? []).map(([name, body]) => ({ name: name ?? '', body: body ?? '' }))
}

/** A text with the bodies of the functions that it calls, and of those that these call. */
function withBodies(functions: readonly UserFunction[], text: string): string {
  const reached = new Set<UserFunction>()
  let known = text
  for (let grown = true; grown; ) {
    const more = functions.filter((each) => !reached.has(each) && new RegExp(`\\b${plain(each.name)}"?\\s*\\(`).test(known))
    grown = more.length > 0
    for (const each of more) {
      reached.add(each)
      known += `\n${each.body}`
    }
  }
  return known
}
