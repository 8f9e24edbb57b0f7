import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { type Catalog, readCatalog } from '../../catalog/index.ts'
import { InputError } from '../../errors.ts'
import { isPair, readLegacy, type Source } from '../../formats/index.ts'
import { onSchemaOfFiles, readSources } from '../../history/index.ts'
import { isDirectory, isFile, parseScript, shownPath } from '../../migration/index.ts'
import { type Cluster, parseClusterRequest, pathOf, type Session, startCluster, withTransaction } from '../../postgres/index.ts'
import type { FindingResult, MigrationResult, Outcome } from '../../result/index.ts'
import { seedNumber } from '../../run/index.ts'
import type { VerifyHooks, VerifyOptions } from '../../verify/index.ts'
import { layoutOf } from './files.ts'
import { type InverseExample, inverseExamples } from './inverse.ts'
import type { CompatMapping } from './mapping.ts'
import type { TablePlan } from './model.ts'
import { legacyTable, planTable } from './plan.ts'
import { readMapping } from './read-mapping.ts'
import { contractOf } from './render-contract.ts'
import { renderMigration } from './render-migration.ts'
import { readRights, type TableRights } from './rights.ts'
import { verifyCandidate } from './verify-generated.ts'

export interface GenerateRequest {
  /** File of the mapping. */
  readonly mapping: string
  /** The folder of migrations, or a folder with `legacy.sql` alone. */
  readonly path: string
  readonly options: VerifyOptions
  readonly hooks: VerifyHooks
  /** For versions that are times. */
  readonly now: Date
  /** Nothing is written. */
  readonly dryRun: boolean
}

/** What came of a mapping. */
export interface GeneratedCompat {
  readonly verdict: Outcome
  /** Whether the files are there now. */
  readonly written: boolean
  readonly tables: readonly { readonly from: string; readonly to: string; readonly triggers: boolean }[]
  /** As shown, with its text; none where an inverse is missing. */
  readonly files: readonly { readonly file: string; readonly text: string }[]
  /** Old values that a conversion does not give back: then nothing was generated. */
  readonly examples: readonly InverseExample[]
  /** What the verification found, warnings and notes too. */
  readonly findings: readonly FindingResult[]
  /** Each invariant that was asked, with its verdict. */
  readonly invariants: readonly { readonly id: string; readonly verdict: string; readonly because: string }[]
  readonly note: string | undefined
}

/**
 * Generate the migration that a mapping declares, prove it on the ephemeral cluster, and write its files if it holds.
 *
 * @throws {InputError} For a mapping or a folder that is refused, or files that are there already.
 * @throws {EnvironmentError} When no cluster can be had.
 */
export async function generateCompat(request: GenerateRequest): Promise<GeneratedCompat> {
  const mapping = await readMapping(request.mapping)
  const { options, hooks } = request
  const start = hooks.startCluster ?? startCluster
  const source = await readTarget(request.path, options)
  await using cluster = await start(parseClusterRequest(options.postgres), hooks.signal === undefined ? {} : { signal: hooks.signal })
  return await generateOn(cluster, source, mapping, request)
}

/** The same on a cluster that runs already. */
export async function generateOn(
  cluster: Cluster,
  source: Source,
  mapping: CompatMapping,
  { path, options, hooks, now, dryRun }: Pick<GenerateRequest, 'path' | 'options' | 'hooks' | 'now' | 'dryRun'>,
): Promise<GeneratedCompat> {
  const layout = layoutOf(source, resolve(path), mapping.name, now)
  const { plans, examples } = await onSchemaOfFiles(cluster, source, { at: undefined, options, hooks }, async (schema) => {
    const [first] = schema.unapplied
    if (first !== undefined) throw new InputError(`the migrations do not apply: ${first}`, { hint: 'godwit verify says more.' })
    return planOn(schema.session, mapping)
  })
  const tables = plans.map(({ legacy, to, triggers }) => ({
    from: `${legacy.schema}.${legacy.name}`,
    to: `${to.schema}.${to.name}`,
    triggers,
  }))
  if (examples.length > 0)
    return { verdict: 'violated', written: false, tables, files: [], examples, findings: [], invariants: [], note: undefined }
  const texts = renderMigration(plans)
  const files = layout.files(texts)
  refuseOverwriting([...files.keys()])
  const result = await verifyCandidate(cluster, source, { layout, texts, contract: contractOf(plans) }, options, hooks)
  const verdict = judged(result)
  const written = verdict === 'holds' && !dryRun
  if (written) await writeAll(files)
  return {
    verdict,
    written,
    tables,
    files: [...files].map(([file, text]) => ({ file: shownPath(file), text })),
    examples: [],
    findings: result.findings,
    invariants: result.invariants.map(({ id, verdict, because }) => ({ id, verdict, because: because ?? '' })),
    note: layout.note,
  }
}

/**
 * What a mapping asks of a database, and the values that it does not give back.
 *
 * @param session  A superuser's, on a database that has the old tables; left as it was.
 */
async function planOn(
  session: Session,
  mapping: CompatMapping,
): Promise<{ readonly plans: readonly TablePlan[]; readonly examples: readonly InverseExample[] }> {
  const catalog: Catalog = await readCatalog(session)
  const rights = new Map<string, TableRights>()
  for (const path of Object.keys(mapping.tables)) {
    const relation = legacyTable(catalog, path)
    rights.set(pathOf(relation), await readRights(session, relation))
  }
  const plans = Object.entries(mapping.tables).map(([path, table]) => planTable(catalog, path, table, rights))
  const examples = await withTransaction(session, () =>
    inverseExamples(session, catalog, plans, seedNumber(JSON.stringify(mapping), 'inverse')),
  )
  return { plans, examples }
}

/**
 * Read the folder into which the migration is written: a history, or a pair that has a legacy schema and no `up` yet.
 *
 * @throws {InputError} For a pair that is complete, or a path that holds no migration.
 */
export async function readTarget(path: string, options: VerifyOptions): Promise<Source> {
  const directory = resolve(path)
  if (isPair(directory))
    throw new InputError(`"${shownPath(directory)}" has its up already`, {
      hint: 'Name a folder with legacy.sql alone, or a folder of migrations.',
    })
  if (isFile(join(directory, 'legacy.sql')) || isDirectory(join(directory, 'legacy'))) {
    const nothing = { kind: 'sql' as const, script: parseScript('up.sql', 'SELECT 1') }
    const migration = {
      name: basename(directory),
      path: directory,
      legacy: await readLegacy(directory),
      legacyData: [],
      up: nothing,
      down: undefined,
      contract: {},
      digest: '',
    }
    return { kind: 'pairs', format: 'pair', migrations: [{ migration, path }] }
  }
  const [source, ...others] = await readSources([path], { ...options, only: undefined })
  if (source === undefined || others.length > 0) throw new InputError(`"${path}" is not one folder of migrations`)
  if (source.kind === 'pairs') throw new InputError(`"${path}" has complete pairs`, { hint: 'Name a folder with legacy.sql alone.' })
  return source
}

/**
 * No right is meant to change. A block that puts its grants together speaks of access in general, and so a right that goes with it is a
 * warning elsewhere; here it is a fault.
 */
function judged({ verdict, findings }: MigrationResult): Outcome {
  return findings.some(({ invariant, severity }) => invariant === 'access-parity' && severity !== 'info') ? 'violated' : verdict
}

function refuseOverwriting(files: readonly string[]): void {
  const there = files.find((file) => existsSync(file))
  if (there !== undefined)
    throw new InputError(`"${shownPath(there)}" is there already`, { hint: 'Remove it, or give the mapping another name.' })
}

async function writeAll(files: ReadonlyMap<string, string>): Promise<void> {
  for (const [file, text] of files) {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text, { flag: 'wx' })
  }
}
