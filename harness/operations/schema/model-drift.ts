import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Catalog, readCatalog } from '../../catalog/index.ts'
import { InputError } from '../../errors.ts'
import type { Source } from '../../formats/index.ts'
import { onSchemaOfFiles, readSources } from '../../history/index.ts'
import { type Cluster, type Session, shownName, startCluster } from '../../postgres/index.ts'
import { counted, visibleText } from '../../report/index.ts'
import type { VerifyHooks, VerifyOptions } from '../../verify/index.ts'
import { readDrizzleModel } from './drizzle-model.ts'
import type { ModelColumn, OrmModel } from './prisma-model.ts'

/** One place where the model of an ORM and what the migrations make are not the same. */
export interface ModelDifference {
  /** `table public.orders`, `attribute public.orders.note`, `enum public.role`. */
  readonly object: string
  readonly what: string
}

export interface ModelDrift {
  readonly model: string
  readonly files: string
  /** Undefined where the tool itself applied them. */
  readonly steps: number | undefined
  /** The tool's own command that compared them; undefined where Godwit did. */
  readonly comparedBy?: string | undefined
  readonly differences: readonly ModelDifference[]
  readonly unknown: readonly string[]
}

export interface ModelDriftRequest {
  /** A file `schema.prisma`, a folder of such files, or a snapshot of drizzle-kit. */
  readonly model: string
  readonly paths: readonly string[]
  readonly at: string | undefined
  readonly options: VerifyOptions
  readonly hooks: VerifyHooks
}

/**
 * Hold the model of an ORM against what the migrations make of an empty database: tables, columns, their types, NOT NULL, enums.
 *
 * @throws {InputError} When the model or the files cannot be read.
 * @throws {EnvironmentError} When no server can be started.
 */
export async function modelDrift(request: ModelDriftRequest): Promise<ModelDrift> {
  const { signal } = request.hooks
  const model = await readModel(request.model)
  if (model.tables.size === 0)
    throw new InputError(`"${request.model}" has no model`, { hint: 'Name the file, or the folder, in which the models stand.' })
  const sources = await readSources(request.paths, request.options)
  const [source, ...others] = sources
  if (source === undefined || others.length > 0)
    throw new InputError(`a model is held against one history, and there are ${sources.length} here`, { hint: 'Name one folder.' })
  await using cluster = await startCluster({ kind: 'embedded' }, signal === undefined ? {} : { signal })
  return await modelDriftOn(cluster, source, model, request)
}

/** The same on a server that runs already. */
export async function modelDriftOn(
  cluster: Cluster,
  source: Source,
  model: OrmModel,
  { model: shown, at, options, hooks }: Omit<ModelDriftRequest, 'paths'>,
): Promise<ModelDrift> {
  return await onSchemaOfFiles(
    cluster,
    source,
    { at, options, hooks },
    async ({ path, steps, session, unapplied, toolTables, platformSchemas }) => {
      const catalog = await readCatalog(session)
      const typed = await withServerTypes(session, model)
      const ours = (table: string, schema: string) => !toolTables.has(table) && !platformSchemas.has(schema)
      return {
        model: shown,
        files: path,
        steps,
        differences: [...tableDifferences(typed, catalog, ours), ...enumDifferences(model, await enumsIn(session))],
        unknown: unapplied,
      }
    },
  )
}

/** A snapshot of drizzle-kit by its ending, else a Prisma schema. */
async function readModel(path: string): Promise<OrmModel> {
  const text = await modelText(path)
  if (path.endsWith('.json')) return readDrizzleModel(text, path)
  // Its parser is large.
  const { readPrismaModel } = await import('./prisma-model.ts')
  return readPrismaModel(text, path)
}

/** Types as the server writes them; one that it does not know stays as it is. */
async function withServerTypes(session: Session, model: OrmModel): Promise<OrmModel> {
  const types = [...new Set([...model.tables.values()].flatMap((columns) => [...columns.values()].flatMap(({ type }) => type ?? [])))]
  // Where the types of the user stand.
  await session.script(`SET search_path = public`)
  const written = await session.query<{ type: string; shown: string | null }>(
    `SELECT t AS type, CASE WHEN to_regtype(t) IS NOT NULL THEN pg_catalog.format_type(to_regtype(t), to_regtypemod(t)) END AS shown FROM unnest($1::text[]) AS t`,
    [types],
  )
  const shown = new Map(written.map((each) => [each.type, each.shown ?? each.type]))
  const column = (each: ModelColumn): ModelColumn => ({ ...each, type: each.type === undefined ? undefined : shown.get(each.type) })
  return {
    ...model,
    tables: new Map([...model.tables].map(([path, columns]) => [path, new Map([...columns].map(([name, each]) => [name, column(each)]))])),
  }
}

async function modelText(path: string): Promise<string> {
  try {
    if (!(await stat(path)).isDirectory()) return await readFile(path, 'utf8')
    const names = (await readdir(path, { recursive: true })).filter((name) => name.endsWith('.prisma')).sort()
    return (await Promise.all(names.map((name) => readFile(join(path, name), 'utf8')))).join('\n')
  } catch (error) {
    throw new InputError(`the model "${path}" cannot be read`, { detail: `${(error as Error).message}.`, cause: error })
  }
}

function tableDifferences(model: OrmModel, catalog: Catalog, ours: (table: string, schema: string) => boolean): readonly ModelDifference[] {
  const found: ModelDifference[] = []
  for (const [path, columns] of model.tables) {
    const relation = catalog.relations.get(path)
    if (relation === undefined) {
      found.push({ object: `table ${path}`, what: 'is in the model, and no step makes it' })
      continue
    }
    const attributes = new Map(relation.attributes.map((each) => [each.name, each]))
    for (const [name, column] of columns) {
      const attribute = attributes.get(name)
      const object = `attribute ${path}.${name}`
      if (attribute === undefined) found.push({ object, what: 'is in the model, and no step makes it' })
      else {
        if (column.type !== undefined && !sameType(column.type, attribute.type))
          found.push({ object, what: `is ${column.type} in the model, and ${attribute.type} by the steps` })
        if (column.notNull !== undefined && column.notNull !== attribute.notNull)
          found.push({
            object,
            what: column.notNull
              ? 'is required in the model, and takes NULL by the steps'
              : 'is optional in the model, and NOT NULL by the steps',
          })
      }
    }
    for (const name of attributes.keys())
      if (!columns.has(name)) found.push({ object: `attribute ${path}.${name}`, what: 'is made by the steps, and is not in the model' })
  }
  const schemas = new Set([...model.tables.keys()].map((path) => path.slice(0, path.indexOf('.'))))
  for (const [path, { kind, name, schema, partitionOf, attributes }] of catalog.relations) {
    if (
      !kind.endsWith('table') ||
      kind === 'foreign-table' ||
      partitionOf !== undefined ||
      model.tables.has(path) ||
      !schemas.has(schema) ||
      !ours(name, schema)
    )
      continue
    // Of a relation many to many, for which a model has no block.
    if (name.startsWith('_') && attributes.map((each) => each.name).join() === 'A,B') continue
    found.push({ object: `table ${path}`, what: 'is made by the steps, and is not in the model' })
  }
  return found
}

/** An extension's type may stand in any schema. */
function sameType(model: string, catalog: string): boolean {
  return model === catalog || catalog.endsWith(`.${model}`)
}

/** Of every enum, also of those that no column has. */
async function enumsIn(session: Session): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await session.query<{ path: string; labels: readonly string[] }>(
    `SELECT n.nspname || '.' || t.typname AS path, json_agg(e.enumlabel ORDER BY e.enumsortorder) AS labels
       FROM pg_catalog.pg_enum AS e JOIN pg_catalog.pg_type AS t ON t.oid = e.enumtypid JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace GROUP BY 1`,
  )
  return new Map(rows.map(({ path, labels }) => [path, labels]))
}

function enumDifferences(model: OrmModel, made: ReadonlyMap<string, readonly string[]>): readonly ModelDifference[] {
  return [...model.enums].flatMap(([path, labels]): readonly ModelDifference[] => {
    const own = made.get(path)
    if (own === undefined) return [{ object: `enum ${path}`, what: 'is in the model, and no step makes it' }]
    const same = labels.length === own.length && labels.every((label) => own.includes(label))
    return same ? [] : [{ object: `enum ${path}`, what: `has ${labels.join(', ')} in the model, and ${own.join(', ')} by the steps` }]
  })
}

/** Where model and steps differ, for a terminal. */
export function renderModelDrift({ model, files, steps, comparedBy, differences, unknown }: ModelDrift): string {
  const verdict =
    differences.length > 0
      ? `✗ The model is not what the steps make${comparedBy === undefined ? `: ${counted(differences.length, 'difference')}` : ''}.`
      : unknown.length > 0
        ? comparedBy === undefined
          ? '? No difference was found, and not every step was applied.'
          : '? The tool did not compare the model with what the steps make.'
        : '✓ The model is what the steps make.'
  const lines = [
    `${visibleText(model)} against ${visibleText(files)} (${steps === undefined ? visibleText(comparedBy ?? '') : counted(steps, 'step')})`,
    ...differences.map(({ object, what }) =>
      comparedBy === undefined ? `  ${visibleText(shownObject(object))} ${visibleText(what)}` : `  ${visibleText(what)}`,
    ),
    ...unknown.map((text) => `unknown: ${visibleText(text)}`),
    ...(comparedBy === undefined ? ['not compared: defaults, keys, indexes and relations of the model'] : []),
    verdict,
  ]
  return `${lines.join('\n')}\n`
}

function shownObject(object: string): string {
  const [kind = '', path = ''] = object.split(' ', 2)
  return `${kind} ${shownName(path)}`
}
