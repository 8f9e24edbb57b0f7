import type { CastableType, Dataset, Exclusion } from '../data/index.ts'
import type { Subject } from '../lineage/index.ts'
import type { Finding } from '../result/index.ts'
import { scriptsOf } from '../run/index.ts'
import { blamedBySmallest } from './blame.ts'

/** Most rules of one migration. If `up` still fails then, only the runs that pass are judged. */
export const mostExclusions = 5

/**
 * The rule by which later rows keep clear of what makes `up` fail, so that everything else can still be judged.
 *
 * @param known  The smallest rows that make it fail, where they tell more than the finding; the key that the server names; and rules already in
 *   force: they did not help, so a stronger one is wanted.
 */
export function excludeCause(
  subject: Subject,
  finding: Finding,
  known: {
    readonly smallest: Dataset | undefined
    readonly key: readonly string[] | undefined
    readonly tried: readonly Exclusion[]
  },
): Exclusion | undefined {
  const { smallest, key, tried } = known
  const { relation, attribute } = blamedBySmallest(subject, finding, smallest)
  if (relation === undefined || !subject.legacy.relations.has(relation)) return undefined
  const candidates = [
    ...(finding.kind === '23505' ? forInserted(subject, finding, relation, attribute) : []),
    ...(finding.kind === '23505' ? forDuplicates(subject, relation, key) : []),
    ...(attribute === undefined ? [] : forAttribute(subject, finding, relation, attribute, smallest)),
    ...(finding.kind === '23502' ? forFilled(subject, relation, attribute) : []),
  ]
  return [...candidates, { relation, rule: 'empty' } as const].find(
    (each) => !tried.some((other) => JSON.stringify(other) === JSON.stringify(each)),
  )
}

function forAttribute(
  subject: Subject,
  finding: Finding,
  relation: string,
  attribute: string,
  smallest: Dataset | undefined,
): readonly Exclusion[] {
  const catalog = subject.legacy.relations.get(relation)?.attributes.find((each) => each.name === attribute)
  if (catalog === undefined) return []
  const table = smallest?.tables.get(relation)
  const cells = table?.rows.map((row) => row[table.attributes.indexOf(attribute)]) ?? []
  const notNull =
    !catalog.notNull && (smallest === undefined || cells.includes(null)) ? [{ relation, attribute, rule: 'not-null' } as const] : []
  if (finding.kind === '23502' && notNull.length > 0) return notNull
  const ofSubquery = finding.kind === '21000' && /subquery/.test(finding.message)
  if (finding.kind === '23505' || finding.kind === '23P01' || ofSubquery) return [{ relation, attribute, rule: 'unique' }]
  if (finding.kind === '23503') return [{ relation, attribute, rule: 'no-orphan-soft-reference' }]
  const labels = castsOf(subject, relation, attribute).find((each) => each.labels !== undefined)?.labels
  const known = labels === undefined || finding.kind !== '22P02' ? [] : [{ relation, attribute, rule: { only: labels } } as const]
  const castable = castableTo(subject, finding, relation, attribute)
  const readable = castable === undefined ? [] : [{ relation, attribute, rule: { castable } } as const]
  const values = cells.filter((cell) => typeof cell === 'string')
  const value = values[0]
  return [
    ...notNull,
    ...known,
    ...readable,
    { relation, attribute, rule: 'plausible' },
    ...(value === undefined ? [] : [{ relation, attribute, rule: { not: [value] } } as const]),
    ...(catalog.type.endsWith('[]') ? [{ relation, attribute, rule: { only: ['{}'] } } as const] : []),
  ]
}

/** A row that `up` inserts meets one with its key: rows keep clear of the values that it inserts, of a key of several attributes in the most telling one. */
function forInserted({ legacy, hints }: Subject, finding: Finding, relation: string, attribute: string | undefined): readonly Exclusion[] {
  const index = legacy.relations.get(relation)?.indexes.find(({ name }) => name === finding.object)
  const names = attribute === undefined ? (index?.attributes.flatMap((name) => name ?? []) ?? []) : [attribute]
  const inserted = names.map((name) => {
    const here = hints.literals.filter((hint) => hint.attribute === name && (hint.relation === undefined || hint.relation === relation))
    return { name, values: [...new Set(here.flatMap((hint) => (hint.inserted === true ? [hint.value] : [])))] }
  })
  const [most] = inserted.sort((left, right) => right.values.length - left.values.length)
  return most === undefined || most.values.length === 0 ? [] : [{ relation, attribute: most.name, rule: { not: most.values } }]
}

/** A key of several attributes that are there already. */
function forDuplicates({ legacy }: Subject, relation: string, key: readonly string[] = []): readonly Exclusion[] {
  const attributes = legacy.relations.get(relation)?.attributes.map(({ name }) => name) ?? []
  return key.length > 1 && key.every((name) => attributes.includes(name)) ? [{ relation, rule: { distinct: key } }] : []
}

const fillsAttributes: ReadonlySet<string> = new Set(['UpdateStmt', 'MergeStmt', 'InsertStmt', 'SelectStmt', 'DoStmt', 'CallStmt'])

/** If `up` fills a new attribute from referring rows, a row without any gets NULL: give each row one, in every relation that the SQL names. */
function forFilled(subject: Subject, relation: string, attribute: string | undefined): readonly Exclusion[] {
  if (subject.legacy.relations.get(relation)?.attributes.some(({ name }) => name === attribute) === true) return []
  const scripts = scriptsOf(subject.migration.up)
  if (!scripts.some(({ statements }) => statements.some(({ node }) => fillsAttributes.has(node)))) return []
  const text = scripts.map((script) => script.text.toLowerCase()).join('\n')
  return [...subject.scope].flatMap((path) => {
    const child = subject.legacy.relations.get(path)
    const refers = child?.constraints.some((each) => each.kind === 'foreign-key' && each.references?.relation === relation)
    return refers === true && path !== relation && text.includes(child?.name.toLowerCase() ?? '')
      ? [{ relation, rule: { referredToBy: path } } as const]
      : []
  })
}

function castsOf(subject: Subject, relation: string, attribute: string) {
  return subject.hints.casts.filter((each) => each.direction === 'up' && each.relation === relation && each.attribute === attribute)
}

/** The type that `up` casts the texts of an attribute to, for errors of class 22 (data exception). */
function castableTo(subject: Subject, finding: Finding, relation: string, attribute: string): CastableType | undefined {
  if (!finding.kind.startsWith('22')) return undefined
  const [cast] = castsOf(subject, relation, attribute)
  const bare = cast?.type.replace(/\(.*\)| without time zone| with time zone/g, '').trim()
  const names: Readonly<Record<string, CastableType>> = {
    integer: 'integer',
    bigint: 'bigint',
    smallint: 'smallint',
    numeric: 'numeric',
    boolean: 'boolean',
    date: 'date',
    timestamp: 'timestamp',
    uuid: 'uuid',
    json: 'jsonb',
    jsonb: 'jsonb',
    inet: 'inet',
  }
  return bare === undefined ? undefined : names[bare]
}
