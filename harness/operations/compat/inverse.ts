import type { Attribute, Catalog, Relation } from '../../catalog/index.ts'
import { type Dataset, datasetArbitrary, noHints, planGeneration, sampleDatasets } from '../../data/index.ts'
import { tokensOf } from '../../migration/index.ts'
import { pathOf, quoteIdentifier, quoteLiteral, type Session, StatementError, withSavepoint } from '../../postgres/index.ts'
import type { Conversion, Lookup, TablePlan } from './model.ts'
import { identifier } from './names.ts'
import { columnsIn } from './replace-columns.ts'

/** Old values that a conversion does not give back. */
export interface InverseExample {
  readonly table: string
  /** Old column → its value, and what comes back; NULL as null. */
  readonly values: readonly { readonly column: string; readonly old: string | null; readonly back: string | null }[]
  /** New column → what it holds. */
  readonly converted: readonly { readonly column: string; readonly value: string | null }[]
  /** The error with which the conversion ends instead. */
  readonly error: { readonly sqlstate: string; readonly message: string } | undefined
}

const datasets = 60
/** Rows that are tried at most, the shortest first. */
const mostRows = 2000

/**
 * The first old values of each conversion that are not what they were after being converted and back, tried on generated rows, borders and
 * the constants of the expressions. Only what the table allows is tried.
 *
 * @param session  A superuser's, in a transaction, on a database that has the old tables.
 */
export async function inverseExamples(
  session: Session,
  catalog: Catalog,
  plans: readonly TablePlan[],
  seed: number,
): Promise<readonly InverseExample[]> {
  const found: InverseExample[] = []
  for (const plan of plans) {
    const conversions = [
      ...plan.conversions.filter((each) => each.old.length > 0 && each.old.every(({ joined }) => joined === undefined)),
      ...plan.lookups.flatMap(conversionByNames),
    ]
    if (conversions.length === 0) continue
    const generation = await planGeneration(session, catalog, noHints, new Map(), { relations: [pathOf(plan.legacy)] })
    const drawn = sampleDatasets(datasetArbitrary(generation, { relations: [pathOf(plan.legacy)] }), seed, datasets)
    for (const conversion of conversions) {
      const example = await firstExample(session, plan.legacy, conversion, drawn)
      if (example !== undefined) found.push(example)
    }
  }
  return found
}

/** A closed lookup as far as it can lose values: those that it does not name. */
function conversionByNames({ attribute, column, values }: Lookup): readonly Conversion[] {
  if (values === undefined) return []
  const [old, name] = [identifier(attribute.name), identifier(column)]
  const value = `CASE WHEN ${old} IN (${values.map((each) => quoteLiteral(each).trimStart()).join(', ')}) THEN ${old} END`
  const { name: from, type } = attribute
  return [
    {
      old: [{ kind: 'gone', attribute, meanwhile: from, back: name }],
      new: [{ name: column, type, value, from: [from], notNull: false, default: undefined, comment: undefined }],
    },
  ]
}

type Row = readonly (string | null)[]

async function firstExample(
  session: Session,
  legacy: Relation,
  conversion: Conversion,
  drawn: readonly Dataset[],
): Promise<InverseExample | undefined> {
  const attributes = conversion.old.map(({ attribute }) => attribute)
  const asked = questionOf(legacy, conversion)
  for (const row of candidates(legacy, conversion, attributes, drawn)) {
    const legal = await answer(session, asked.legal, row)
    if (legal instanceof StatementError || legal.length === 0) continue
    const example = exampleOf(legacy, conversion, row, await answer(session, asked.converted, row))
    if (example !== undefined) return example
  }
  return undefined
}

function questionOf(legacy: Relation, { old, new: added }: Conversion): { readonly legal: string; readonly converted: string } {
  const names = new Set(old.map(({ attribute }) => attribute.name))
  const given = old.map(({ attribute }, at) => `$${at + 1}::text::${attribute.type} AS ${quoteIdentifier(attribute.name)}`)
  const checks = legacy.constraints.flatMap(({ kind, expression, name }) =>
    kind === 'check' && expression !== undefined && [...columnsIn(expression, `the check "${name}"`)].every((each) => names.has(each))
      ? [`(${expression}) IS NOT FALSE`]
      : [],
  )
  const demands = [
    ...checks,
    ...old.flatMap(({ attribute }) => (attribute.notNull ? [`${quoteIdentifier(attribute.name)} IS NOT NULL`] : [])),
  ]
  // MATERIALIZED: or constants would be folded into the expressions, and fail for values that the table refuses.
  const legal = `given AS MATERIALIZED (SELECT ${given.join(', ')}), legal AS MATERIALIZED (SELECT * FROM given WHERE ${demands.length === 0 ? 'true' : demands.join(' AND ')})`
  const converted = added.map(({ name, value, type }) => `(${value})::${type} AS ${quoteIdentifier(name)}`)
  const backs = old.map(({ attribute, back }) => `(${back})::${attribute.type} AS ${quoteIdentifier(attribute.name)}`)
  const texts = (from: string, list: readonly string[]) =>
    `json_build_array(${list.map((name) => `${from}.${quoteIdentifier(name)}::text`).join(', ')})`
  const oldNames = [...names]
  return {
    legal: `WITH ${legal} SELECT 1 FROM legal`,
    converted: `WITH ${legal}, converted AS MATERIALIZED (SELECT ${converted.length === 0 ? '1' : converted.join(', ')} FROM legal),
      back AS MATERIALIZED (SELECT ${backs.join(', ')} FROM converted)
      SELECT ${texts('legal', oldNames)} AS old, ${texts(
        'converted',
        added.map(({ name }) => name),
      )} AS new, ${texts('back', oldNames)} AS back
      FROM legal, converted, back`,
  }
}

type Answered = readonly { readonly old: Row; readonly new: Row; readonly back: Row }[]

async function answer(session: Session, sql: string, row: Row): Promise<Answered | StatementError> {
  return withSavepoint(session, () => session.query<Answered[number]>(sql, row)).catch((error: unknown) => {
    if (!(error instanceof StatementError)) throw error
    return error
  })
}

function exampleOf(
  legacy: Relation,
  { old, new: added }: Conversion,
  row: Row,
  answered: Answered | StatementError,
): InverseExample | undefined {
  const columns = old.map(({ attribute }) => attribute.name)
  const table = pathOf(legacy)
  if (answered instanceof StatementError)
    return {
      table,
      values: columns.map((column, at) => ({ column, old: row[at] ?? null, back: null })),
      converted: [],
      error: { sqlstate: answered.sqlstate, message: answered.message },
    }
  const [seen] = answered
  if (seen === undefined) return undefined
  const lacking = added.findIndex(({ notNull }, at) => notNull && seen.new[at] === null)
  const converted = added.map(({ name }, at) => ({ column: name, value: seen.new[at] ?? null }))
  const values = columns.map((column, at) => ({ column, old: seen.old[at] ?? null, back: seen.back[at] ?? null }))
  if (lacking >= 0) return { table, values, converted, error: { sqlstate: '23502', message: `"${added[lacking]?.name}" is NOT NULL` } }
  return values.every((each) => each.old === each.back) ? undefined : { table, values, converted, error: undefined }
}

/** Rows of the old columns: generated ones, and borders of their types combined; the shortest first. */
function candidates(legacy: Relation, conversion: Conversion, attributes: readonly Attribute[], drawn: readonly Dataset[]): readonly Row[] {
  const rows = new Map<string, Row>()
  const add = (row: Row) => rows.set(JSON.stringify(row), row)
  for (const dataset of drawn) {
    const table = dataset.tables.get(pathOf(legacy))
    const places = attributes.map(({ name }) => table?.attributes.indexOf(name) ?? -1)
    for (const row of table?.rows ?? []) add(places.map((place) => row[place] ?? null))
  }
  const columns = attributes.map((_, at) =>
    [...new Set([...bordersOf(conversion), ...[...rows.values()].map((row) => row[at] ?? null)])].sort(byLength),
  )
  // With several columns fewer values of each: their combinations count.
  const most = Math.max(3, Math.floor(mostRows ** (1 / Math.max(1, columns.length))))
  for (const row of product(columns.map((values) => values.slice(0, most)))) add(row)
  return [...rows.values()].sort((one, other) => lengthOf(one) - lengthOf(other)).slice(0, mostRows)
}

/** Values that many conversions do not give back; those that a type does not take are passed over. */
function bordersOf({ old, new: added }: Conversion): readonly (string | null)[] {
  const expressions = [...old.map(({ back }) => back), ...added.map(({ value }) => value)]
  const constants = new Set(
    expressions.flatMap((text) =>
      tokensOf(`SELECT ${text}`).flatMap(({ word }) => (word.startsWith("'") ? [word.slice(1, -1).replaceAll("''", "'")] : [])),
    ),
  )
  const around = [...constants].flatMap((text) => [text, `${text}a`, `a${text}`, `a${text}b`, `a${text}b${text}c`, `${text}${text}`])
  return [
    null,
    '',
    ' ',
    'a',
    'A',
    ' a',
    'a ',
    'a b',
    'a b c',
    'é',
    '0',
    '1',
    '-1',
    '00',
    '01',
    '0.5',
    '1.0',
    '1.005',
    '-0.001',
    '1e3',
    '12345678901234567890',
    '-2147483648',
    '2147483647',
    'NaN',
    'Infinity',
    'true',
    'false',
    '2024-02-29',
    '2024-02-29 12:34:56.789012',
    'infinity',
    ...around,
  ]
}

function* product(columns: readonly (readonly (string | null)[])[]): Iterable<Row> {
  const [first, ...rest] = columns
  if (first === undefined) return yield []
  for (const row of product(rest)) for (const value of first) yield [value, ...row]
}

function lengthOf(row: Row): number {
  return row.reduce((sum, each) => sum + (each?.length ?? 0), 0)
}

function byLength(one: string | null, other: string | null): number {
  return (one?.length ?? -1) - (other?.length ?? -1)
}
