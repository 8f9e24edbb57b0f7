import { markdownTable } from 'markdown-table'
import type { Kind } from '../kinds/kind.ts'
import type { Connection } from '../run/connection.ts'
import { unknownKind } from '../run/model.ts'
import type { RollbackResult } from '../run/run-rollback.ts'
import type { Places } from '../run/tables.ts'
import { tally } from '../run/tally.ts'
import { queriesFor } from './queries.ts'

/** The tables with their columns, keys and indexes, as the server has them. */
export async function schemaSection(reader: Connection, { schema }: Places, kinds: readonly Kind[]): Promise<string> {
  const rows: string[][] = []
  for (const { name } of kinds) {
    const columns = await reader.query<{ shown: string }>(
      `SELECT attname || ' ' || format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END AS shown
       FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
      [`${schema}.${name}`],
    )
    const keys = await reader.query<{ shown: string }>(
      `SELECT pg_get_constraintdef(oid) AS shown FROM pg_constraint WHERE conrelid = to_regclass($1) AND contype IN ('p', 'f', 'u', 'c') ORDER BY contype DESC, conname`,
      [`${schema}.${name}`],
    )
    const indexes = await reader.query<{ shown: string }>(
      `SELECT CASE WHEN indisunique THEN 'UNIQUE ' ELSE '' END || 'INDEX ' || regexp_replace(pg_get_indexdef(indexrelid), '^.* USING ', '') AS shown
       FROM pg_index WHERE indrelid = to_regclass($1) AND NOT indisprimary ORDER BY 1`,
      [`${schema}.${name}`],
    )
    const list = (all: readonly { readonly shown: string }[]) => all.map(({ shown }) => shown.replaceAll('|', '\\|')).join('<br>')
    rows.push([name, list(columns), list([...keys, ...indexes])])
  }
  return section('Schema design', markdownTable([['table', 'columns', 'keys, checks and indexes'], ...rows]))
}

/** Every record of the store, by where it is now: read back from the tables, and not what the run counted. */
export async function integritySection(reader: Connection, places: Places, kinds: readonly Kind[]): Promise<string> {
  const rows: string[][] = []
  let lost = 0
  for (const kind of [...kinds, undefined]) {
    const { source, moved, otherwise, setAside } = await tally(reader, places, kind, kinds)
    const missing = source - moved - otherwise - setAside
    lost += missing
    rows.push([kind?.name ?? unknownKind, ...[source, moved, otherwise, setAside, missing].map(String)])
  }
  const head = ['kind', 'in the store', 'in the table', 'in the table, newer', 'set aside', 'missing']
  return section(
    'Integrity',
    `${markdownTable([head, ...rows], { align: ['l', 'r', 'r', 'r', 'r', 'r'] })}\n\n${lost === 0 ? 'No record is missing.' : `${lost} records are missing: do not migrate production.`}`,
  )
}

/** Every foreign key between the tables: rows that refer, and rows that refer to nothing. */
export async function relationshipsSection(reader: Connection, { schema }: Places, kinds: readonly Kind[]): Promise<string> {
  const rows: string[][] = []
  for (const kind of kinds) {
    for (const [field, { reference }] of Object.entries(kind.fields)) {
      if (reference === undefined) continue
      const column = field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
      const [found] = await reader.query<{ refer: string; orphans: string }>(
        `SELECT count(c.${column})::text AS refer, count(*) FILTER (WHERE c.${column} IS NOT NULL AND p.id IS NULL)::text AS orphans
         FROM ${schema}.${kind.name} AS c LEFT JOIN ${schema}.${reference} AS p ON p.id = c.${column}`,
      )
      rows.push([`${kind.name}.${column}`, reference, found?.refer ?? '', found?.orphans ?? ''])
    }
  }
  return section('Relationships', markdownTable([['column', 'refers to', 'rows', 'orphans'], ...rows], { align: ['l', 'l', 'r', 'r'] }))
}

const rounds = 5

/** The four queries of the plan, before and after, on this store: medians of five. */
export async function queriesSection(reader: Connection, { store, schema }: Places): Promise<string> {
  const [sample] = await reader.query<{ client: string; order: string; word: string }>(
    `SELECT s.client_id AS client, max(o.number) AS order, max(lower((regexp_match(p.name, '[[:alnum:]]{3,}'))[1])) AS word
     FROM ${schema}.orders AS o JOIN ${schema}.sites AS s ON s.id = o.site_id JOIN ${schema}.products AS p ON p.id = o.product_id
     GROUP BY s.client_id ORDER BY count(*) DESC, s.client_id LIMIT 1`,
  )
  if (sample === undefined) return section('Queries before and after', 'Not measured: no order was moved.')
  const rows: string[][] = []
  for (const query of queriesFor({ clientId: sample.client, orderNumber: sample.order, word: sample.word }, store, schema)) {
    const [application, overStore, tables] = [
      await medianMs(() => query.application(reader)),
      await medianMs(() => reader.query(query.store)),
      await medianMs(() => reader.query(query.tables)),
    ]
    const times = application / tables
    rows.push([query.what, query.promised, ...[application, overStore, tables].map((ms) => `${ms.toFixed(1)} ms`), `${times.toFixed(0)} ×`])
  }
  const head = ['query', 'the plan', 'application over the store', 'SQL over the store', 'tables', 'application : tables (10 × promised)']
  return section('Queries before and after', markdownTable([head, ...rows], { align: ['l', 'r', 'r', 'r', 'r', 'r'] }))
}

export function rollbackSection({ tables, setAside }: RollbackResult, durationMs: number): string {
  const rows = tables.reduce((sum, each) => sum + each.rows, 0)
  const kept = durationMs < 300_000 ? 'kept' : 'missed'
  return section(
    'Rollback',
    `${rows} rows of ${tables.length} tables and ${setAside} records set aside were removed in ${(durationMs / 1000).toFixed(1)} s (promised: below 5 min, ${kept}). The store is as it was.`,
  )
}

async function medianMs(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const started = performance.now()
    await work()
    times.push(performance.now() - started)
  }
  return times.sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0
}

function section(title: string, text: string): string {
  return `## ${title}\n\n${text}\n`
}
