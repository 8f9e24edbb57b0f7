import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { quoteLiteral } from '../../postgres/index.ts'
import { changeText } from './render-diff.ts'
import type { SchemaVersion, VersionFiles } from './versions.ts'

const BEGIN = '-- Schema version, written by godwit schema version.'
const END = '-- End of the schema version.'
const MOST_REASONS = 10

/**
 * SQL that records a version, for the transaction of its step.
 *
 * @param table  As SQL names it.
 * @param first  Whether no earlier step records one: then the table is made.
 */
export function versionSql({ step, version, level, changes }: SchemaVersion, table: string, first: boolean): string {
  const reasons = changes.slice(0, MOST_REASONS).map((each) => quoteLiteral(changeText(each)))
  const make = `CREATE TABLE ${table} (
  version text PRIMARY KEY,
  level text,
  because text[] NOT NULL,
  step text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now()
);
`
  return `${first ? make : ''}INSERT INTO ${table} (version, level, because, step)
VALUES (${quoteLiteral(version)}, ${level === undefined ? 'NULL' : quoteLiteral(level)}, ARRAY[${reasons.join(', ')}]::text[], ${quoteLiteral(step)});
`
}

/**
 * Write the version of a step into its files, in place of what stood there of it. Nothing else of them changes.
 *
 * @returns The files that were written.
 */
export async function writeVersion(
  version: SchemaVersion,
  table: string,
  { up, down, recorded }: VersionFiles,
): Promise<readonly string[]> {
  const back = recorded ? `DELETE FROM ${table} WHERE version = ${quoteLiteral(version.version)};\n` : `DROP TABLE ${table};\n`
  await replaceBlock(up, versionSql(version, table, !recorded))
  if (down === undefined) return [up]
  await replaceBlock(down, back)
  return [up, down]
}

async function replaceBlock(file: string, sql: string): Promise<void> {
  const text = await readFile(resolve(file), 'utf8')
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)]
  const block = `${BEGIN}\n${sql}${END}\n`
  if (begin >= 0 && end > begin)
    return writeFile(resolve(file), `${text.slice(0, begin)}${block}${text.slice(end + END.length).replace(/^\r?\n/, '')}`)
  // What stands last may lack its semicolon.
  const closed = text.trimEnd() === '' || /;\s*$/.test(text) ? text : `${text.trimEnd()}\n;\n`
  return writeFile(resolve(file), `${closed}${closed.endsWith('\n') ? '' : '\n'}${block}`)
}
