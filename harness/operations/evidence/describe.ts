import type { Catalog } from '../../catalog/index.ts'
import type { ClientPrograms, OpenedDatabase } from '../../postgres/index.ts'
import { counted, prose, visibleText } from '../../report/index.ts'
import type { ForeignTable } from '../foreign/foreign-tables.ts'
import { type EvidenceDocument, evidenceFiles } from './document.ts'
import { type EvidenceMigration, foreignTables } from './scope.ts'
import type { SnapshotTotals } from './write-snapshot.ts'

/** What is about to be done. */
export interface EvidencePlan {
  readonly database: Pick<OpenedDatabase, 'place' | 'version'>
  readonly role: string
  readonly databaseBytes: number
  readonly migrations: readonly EvidenceMigration[]
  /** Every table that is counted and digested. */
  readonly tables: readonly string[]
  /** Those of which a CSV file is written, with their bytes. */
  readonly csv: ReadonlyMap<string, number>
  /** Foreign tables whose rows are counted and digested on their servers. */
  readonly foreign: readonly ForeignTable[]
  /** Why all tables get a CSV file although nobody asked for it. */
  readonly because: string | undefined
  readonly measures: number
  readonly programs: ClientPrograms | undefined
  readonly proof: boolean
  readonly folder: string
}

const MOST_NAMED = 12

/** The plan in lines, before anything is written. */
export function planLines(plan: EvidencePlan): readonly string[] {
  const { database, programs, csv } = plan
  const names = [...csv].map(([path, bytes]) => `${visibleText(path)} (${sizeText(bytes)})`)
  const shown = names.length <= MOST_NAMED ? names : [...names.slice(0, MOST_NAMED), `… ${names.length - MOST_NAMED} more`]
  const dump =
    programs === undefined
      ? 'none (--no-dump): without the schema this is no backup'
      : `the whole database, ${sizeText(plan.databaseBytes)}, by pg_dump ${programs.version} (${programs.dump})`
  return [
    `evidence of ${visibleText(database.place)}, PostgreSQL ${database.version.text}, as role ${visibleText(plan.role)}; it only reads`,
    `  migration ${plan.migrations.map(({ name }) => visibleText(name)).join(', ')}`,
    `  dump      ${dump}`,
    `  CSV       ${csv.size === 0 ? 'none' : `${counted(csv.size, 'table')}: ${shown.join(', ')}`}`,
    ...(plan.because === undefined ? [] : [`            all tables, because ${plan.because}`]),
    `  totals    rows, digests and sums of ${counted(plan.tables.length, 'table')}, ${counted(plan.measures, 'measure')} of the contract`,
    ...foreignLine(plan.foreign),
    `  proof     ${plan.proof ? 'the dump, and the CSV files alone, are restored into a throw-away server and compared' : 'none: nothing is restored'}`,
    `  folder    ${plan.folder}: it will hold real values, nothing is masked; only you can read it`,
  ]
}

function foreignLine(tables: readonly ForeignTable[]): readonly string[] {
  if (tables.length === 0) return []
  const servers = [...new Set(tables.map(({ server }) => visibleText(server.name)))]
  const shown = servers.length <= MOST_NAMED ? servers : [...servers.slice(0, MOST_NAMED), `… ${servers.length - MOST_NAMED} more`]
  return [
    `  foreign   rows, digests and sums of ${counted(tables.length, 'foreign table')}, each read on its own server: ${shown.join(', ')}`,
  ]
}

/** Foreign tables of a database of which there are no totals, in sentences. */
export function notCounted(
  catalog: Catalog,
  { foreign, notCounted: failed }: Pick<SnapshotTotals, 'foreign' | 'notCounted'>,
): readonly string[] {
  const others = foreignTables(catalog).length - foreign.length - failed.length
  return [
    ...failed.map((because) => `Totals of the foreign table ${because}.`),
    ...(others === 0 ? [] : [`Totals of ${counted(others, 'foreign table')} that the migration cannot write (--all counts them too).`]),
  ]
}

/** What evidence of a database cannot hold, in sentences. */
export function notHeld(catalog: Catalog, withDump: boolean, largeObjects: number): readonly string[] {
  const has = (kind: string) => [...catalog.relations.values()].some((each) => each.kind === kind)
  const always = ['Roles, their passwords and settings of the server: pg_dumpall --globals-only dumps them.']
  if (!withDump)
    return [
      'The schema: tables, keys, indexes, views, functions and rights. These files are no backup.',
      'Positions of sequences.',
      ...always,
    ]
  return [
    ...always,
    ...(catalog.sequences.length === 0 ? [] : ['The dump has positions of sequences. They are not compared.']),
    ...(has('materialized-view') ? ['The dump has the definitions of materialized views. Restoring fills them again.'] : []),
    ...(has('foreign-table') ? ['The rows of foreign tables, which are on other servers.'] : []),
    ...(largeObjects === 0 ? [] : [`The dump has ${counted(largeObjects, 'large object')}. They are not compared.`]),
  ]
}

/** `TOTALS.md`: the document for people. */
export function renderTotals(document: EvidenceDocument): string {
  const { server, proof, dump } = document
  const migrations = document.migrations.map(({ name, digest }) => `${prose(name)} (sha256 ${digest.slice(0, 12)})`)
  return `# Evidence of ${prose(document.database)}

${proofText(proof)}

| | |
| --- | --- |
| taken | ${document.takenAt}, from snapshot ${document.snapshot} |
| server | PostgreSQL ${server.version}, ${server.encoding} |
| role | ${prose(document.role)} |
| for the migration | ${migrations.join(', ')} |
| dump | ${dump === null ? 'none' : `\`${dump.file}\`, by pg_dump ${dump.version}`} |
| Godwit | ${document.godwit} |

The dump, the CSV files and these totals show the same moment. All files hold real values; nothing is masked.

## Tables

| table | rows | digest | sums | CSV |
| --- | ---: | --- | --- | --- |
${document.tables.map(tableLine).join('\n')}

${foreignSection(document)}## Measures of the contract

${document.measures.length === 0 ? 'The contract declares none.' : `| measure | keys | total | digest |\n| --- | ---: | ---: | --- |\n${document.measures.map(measureLine).join('\n')}`}

## Not in here, or not compared

${document.notHeld.map((sentence) => `- ${sentence}`).join('\n')}

## Use it

\`godwit evidence --check FOLDER\` restores and compares everything again.
${dump === null ? '' : `\`pg_restore --single-transaction --dbname=NEW ${evidenceFiles.dump}\` restores it into a new, empty database.\n`}`
}

function proofText(proof: EvidenceDocument['proof']): string {
  if (proof.outcome === 'not-proven') return `**Not proven.** ${proof.because}`
  const restored = proof.restored.map((each) => `- ${each}`).join('\n')
  return `**Proven.** Each of these was restored by itself into PostgreSQL ${proof.server} and compared; everything is equal:\n\n${restored}`
}

function tableLine(each: EvidenceDocument['tables'][number]): string {
  return `${totalsCells(each)} | ${each.csv === null ? 'none' : prose(each.csv)} |`
}

function totalsCells({ table, rows, digest, sums }: EvidenceDocument['spread'][number]): string {
  const summed = Object.entries(sums).map(([name, sum]) => `${prose(name)} ${sum ?? 'NULL'}`)
  return `| ${prose(table)} | ${rows} | \`${digest}\` | ${summed.join(', ')}`
}

function foreignSection({ foreign, spread }: EvidenceDocument): string {
  if (foreign.length === 0) return ''
  const head = '| table | rows | digest | sums | read on | at |\n| --- | ---: | --- | --- | --- | --- |'
  const lines = foreign.map((each) => `${totalsCells(each)} | ${prose(each.server)}, PostgreSQL ${each.version} | ${each.takenAt} |`)
  const sums = spread.map((each) => `${totalsCells(each)} | all partitions, added up | |`)
  return `## Rows on other servers

Neither the dump nor a CSV file has them. Each server counted its own rows, in a state of its own, close to the moment of the dump.

${[head, ...lines, ...sums].join('\n')}

`
}

function measureLine({ name, keys, total, digest }: EvidenceDocument['measures'][number]): string {
  return `| ${prose(name)} | ${keys} | ${total ?? 'NULL'} | \`${digest}\` |`
}

/** Bytes for people: `8.0 kB`, `1.2 GB`. */
export function sizeText(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  let [size, at] = [bytes, 0]
  for (; size >= 1000 && at < units.length - 1; at += 1) size /= 1000
  return `${at === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[at]}`
}
