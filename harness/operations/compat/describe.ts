import type { GeneratedCompat } from './generate.ts'
import type { InverseExample } from './inverse.ts'

/** What came of a mapping, for people. */
export function generatedText(generated: GeneratedCompat, dryRun: boolean): string {
  const { tables, examples, findings, verdict, files, written, note, invariants } = generated
  const lines = tables.map(
    ({ from, to, triggers }) => `${from} → ${to}, a view under the old name${triggers ? ' with INSTEAD OF triggers' : ''}`,
  )
  if (examples.length > 0) return text([...lines, ...examples.flatMap(exampleLines), 'refused: nothing is written'])
  const proven = invariants.filter((each) => each.verdict === 'holds').map(({ id }) => id)
  if (verdict === 'holds')
    return text([
      ...lines,
      `✓ proven on generated rows: ${proven.join(', ')}`,
      ...findings.map(({ severity, message }) => `  ${severity}: ${message}`),
      ...(dryRun
        ? files.flatMap(({ file, text: contents }) => ['', `-- ${file}`, contents.trimEnd()])
        : written
          ? files.map(({ file }) => `written ${file}`)
          : []),
      ...(note === undefined ? [] : [`note: ${note}`]),
    ])
  const open = invariants.filter((each) => each.verdict === 'unknown').map(({ id, because }) => `? ${id}: ${because}`)
  const wrong = findings
    .filter(({ severity, invariant }) => severity === 'error' || (severity === 'warning' && invariant === 'access-parity'))
    .flatMap(({ invariant, message, hint }) => [
      `✗ ${invariant}: ${message}`,
      ...(hint === undefined || hint === null ? [] : [`    ${hint}`]),
    ])
  return text([
    ...lines,
    ...wrong,
    ...open,
    verdict === 'violated'
      ? 'refused: the generated migration would not keep what it promises; nothing is written'
      : 'unknown: not all could be judged, and that is no pass; nothing is written',
  ])
}

function exampleLines({ table, values, converted, error }: InverseExample): readonly string[] {
  const old = values.map(({ column, old: value }) => `${column} ${shown(value)}`).join(', ')
  if (error !== undefined) return [`✗ ${table}: ${old} cannot be converted: ${error.message} (${error.sqlstate})`]
  const by = converted.length === 0 ? '' : ` by way of ${converted.map(({ column, value }) => `${column} ${shown(value)}`).join(', ')}`
  return values.flatMap(({ column, old: value, back }) =>
    value === back ? [] : [`✗ ${table}: ${column} has no inverse: ${shown(value)} comes back as ${shown(back)}${by}`],
  )
}

function shown(value: string | null): string {
  return value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`
}

function text(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}
