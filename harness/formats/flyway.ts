import { basename } from 'node:path'
import { InputError } from '../errors.ts'
import type { Step } from '../migration/index.ts'
import { errorAt, SourceText, tryParse } from '../migration/index.ts'
import { opaqueProgram } from './file-names.ts'
import { type FlywayConfig, readFlywayConfig } from './flyway-config.ts'
import { compareVersions, type FlywayName, parseFlywayName } from './flyway-names.ts'
import { flywayRunsAlone } from './flyway-statements.ts'
import { byUnits, partsOf } from './folder.ts'
import type { Format, Read } from './format.ts'
import type { HistoryStep, OpaqueStep } from './history.ts'
import { ignoredFiles } from './ignored.ts'
import { duplicateCheck, readStep } from './read-step.ts'
import { downScriptOf, type Reading, scriptOf } from './script-of.ts'
import { warnOfTransactionControl } from './transaction-control.ts'

type Versioned = Extract<FlywayName, { version: string }> & { readonly name: string }

/**
 * `V<version>__<description>.sql` at any depth, by version, then `R__<description>.sql` by description; `U<version>__…` is a down; the newest
 * `B<version>__…` stands for all up to its version. Each file goes in a transaction, statement by statement; one that holds only statements
 * which Flyway knows not to fit in a transaction goes without.
 *
 * @see https://documentation.red-gate.com/flyway
 */
export const flyway: Format<'flyway'> = {
  id: 'flyway',
  marker: '"V<version>__<description>.sql"',
  historyTables: ['flyway_schema_history'],
  marks: (folder) =>
    folder.files.some((name) => /^[VB]\d/.test(partsOf(name).base) && parseFlywayName(partsOf(name).base)?.program === false)
      ? 'strong'
      : undefined,
  read: async (folder) => {
    const reading = { folder, tool: 'Flyway', warnings: [] as string[] }
    const config = await readFlywayConfig(folder.root)
    const named = folder.files.flatMap((name) => {
      const parsed = parseFlywayName(partsOf(name).base)
      return parsed === undefined ? [] : [{ ...parsed, name }]
    })
    const versioned = (kind: 'V' | 'U' | 'B') =>
      named.filter((each): each is Versioned => each.kind === kind).sort((a, b) => compareVersions(a.version, b.version))
    const [migrations, undos, baselines] = [versioned('V'), versioned('U'), versioned('B')]
    const [refuseDuplicate, refuseBaseline] = [duplicateCheck(folder, migrations), duplicateCheck(folder, baselines)]
    const baseline = baselines.at(-1)
    const isReplaced = (version: string) => baseline !== undefined && compareVersions(version, baseline.version) <= 0
    const live = [...(baseline === undefined ? [] : [baseline]), ...migrations.filter(({ version }) => !isReplaced(version))]
    const steps: HistoryStep[] = []
    for (const { name, version, program } of live) {
      const undo = undos.find((each) => each.version === version)
      const files = [name, ...(undo === undefined ? [] : [undo.name]), ...[`${name}.conf`].filter((each) => folder.has(each))]
      const step = await readStep(reading, { name, version, files, batch: config.group ? 'pending' : undefined }, async () => {
        refuseDuplicate(name)
        refuseBaseline(name)
        return {
          up: program ? opaqueProgram(folder, name) : await flywayScript(reading, name, config),
          down: undo === undefined || program ? undefined : await flywayDown(reading, undo.name, config),
        }
      })
      steps.push(step)
    }
    const repeatables = named.flatMap((each) => (each.kind === 'R' ? [each] : []))
    const refuseNamesake = duplicateCheck(
      folder,
      repeatables.map(({ name, description }) => ({ name, version: `R "${description}"` })),
    )
    for (const { name, program } of repeatables.sort((a, b) => byUnits(a.description, b.description))) {
      const version = partsOf(name).base.replace(/\.\w+$/, '')
      const batch = config.group ? 'pending' : undefined
      const step = await readStep(reading, { name, version, files: [name], repeatable: true, batch }, async () => {
        refuseNamesake(name)
        return { up: program ? opaqueProgram(folder, name) : await flywayScript(reading, name, config) }
      })
      steps.push(step)
    }
    const known = new Set(named.map(({ name }) => name))
    const ignored = [
      ...undos.flatMap((_, at) => uselessUndo(undos, at, migrations)),
      ...ignoredFiles(
        folder.files.filter((name) => !known.has(name)),
        'not named as Flyway wants: "V<version>__<description>.sql"',
      ),
      ...migrations.flatMap(({ name, version }) =>
        isReplaced(version) ? [{ file: name, because: `the baseline "${baseline?.name}" stands for it on an empty database` }] : [],
      ),
    ]
    return { steps, ignored, warnings: reading.warnings, downs: 'optional' }
  },
}

/** An undo that no step takes: Flyway never runs it. */
function uselessUndo(undos: readonly Versioned[], at: number, migrations: readonly Versioned[]): Read['ignored'] {
  const { name, version } = undos[at] as Versioned
  if (!migrations.some((each) => each.version === version)) return [{ file: name, because: `there is no migration of version ${version}` }]
  const first = undos.find((each) => each.version === version)
  return first?.name === name ? [] : [{ file: name, because: `"${first?.name}" is the undo of version ${version} already` }]
}

async function flywayDown(reading: Reading, name: string, config: FlywayConfig): Promise<Step | undefined> {
  return downScriptOf(reading, name, { mode: 'transaction', text: await withPlaceholders(reading, name, config) })
}

async function flywayScript(reading: Reading, name: string, config: FlywayConfig): Promise<Step | OpaqueStep> {
  const { folder, warnings } = reading
  const conf = `${name}.conf`
  const settings = folder.has(conf) ? await folder.text(conf) : ''
  const own = { ...config, replaces: config.replaces && !/^\s*placeholderReplacement\s*=\s*false/m.test(settings) }
  const read = await scriptOf(reading, name, { mode: 'transaction', text: await withPlaceholders(reading, name, own) })
  if (read.kind === 'opaque') return read
  const { script } = read
  if (/^\s*executeInTransaction\s*=\s*false/m.test(settings)) return { kind: 'sql', script: { ...script, mode: 'autocommit' } }
  const alone = script.statements.find(flywayRunsAlone)
  if (alone === undefined || (!script.statements.every(flywayRunsAlone) && !config.mixed)) {
    if (alone !== undefined) {
      warnings.push(
        `${alone.file}:${alone.line}: Flyway refuses a file with both this and statements that want a transaction, unless "mixed" is set`,
      )
    }
    warnOfTransactionControl(reading, read)
    return read
  }
  return { kind: 'sql', script: { ...script, mode: 'autocommit' } }
}

/** @throws {InputError} for a placeholder that nothing gives a value and without which the file is no SQL: Flyway refuses it too. */
async function withPlaceholders(reading: Reading, name: string, config: FlywayConfig): Promise<SourceText> {
  const { folder, warnings } = reading
  const source = SourceText.of(folder.shown(name), await folder.text(name))
  if (!config.replaces) return source
  const asItIs = /\$\{[^}]*\}/.test(source.text) && tryParse(source.text) !== undefined
  return source.replace(/\$\{([^}\s]+)\}/g, async ([whole, key = ''], start) => {
    const value = config.placeholders.get(key) ?? builtIn(key, name, source.text[start - 1] ?? '')
    if (value !== undefined) return value
    if (!asItIs) {
      throw new InputError(
        ...errorAt(source, start, `the placeholder "${whole}" has no value`, {
          hint: `Give it one in "flyway.conf" above the folder: flyway.placeholders.${key}=…`,
        }),
      )
    }
    const { file, line } = source.originOf(start)
    warnings.push(`${file}:${line}: the placeholder "${whole}" has no value: it stays as it is`)
    return undefined
  })
}

function builtIn(key: string, name: string, before: string): string | undefined {
  // Only the server knows who runs it; in quotes there is no word for that.
  const user = before === '"' || before === "'" ? 'postgres' : 'CURRENT_USER'
  const values: Readonly<Record<string, string>> = {
    'flyway:defaultschema': 'public',
    'flyway:user': user,
    'flyway:database': 'postgres',
    'flyway:timestamp': '2000-01-01 00:00:00',
    'flyway:filename': basename(name),
    'flyway:workingdirectory': '/',
    'flyway:table': 'flyway_schema_history',
    'flyway:environment': 'default',
  }
  return values[key.toLowerCase()]
}
