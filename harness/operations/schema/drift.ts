import { type CatalogDifference, type CatalogObjects, canonicalExpressions, diffObjects } from '../../catalog/index.ts'
import { InputError } from '../../errors.ts'
import type { Source } from '../../formats/index.ts'
import { onSchemaOfFiles, readSources, type SchemaOfFiles } from '../../history/index.ts'
import { type Cluster, installedMajors, type OpenedDatabase, openDatabase, startCluster } from '../../postgres/index.ts'
import type { VerifyHooks, VerifyOptions } from '../../verify/index.ts'
import { comparable } from './comparable.ts'
import { readLive } from './live.ts'
import { migratorOf, neutral } from './neutral.ts'

/** One difference of a live database from what the files make of an empty one. */
export interface Drift {
  /** `missing` from the database, `added` there and in no file, or `changed`. */
  readonly change: CatalogDifference['change']
  /** `table`, `attribute`, `constraint`, … */
  readonly kind: string
  readonly path: string
  readonly property: string | undefined
  readonly inFiles: string | undefined
  readonly inDatabase: string | undefined
  /** The step that made it, changed it last, or dropped it; undefined where no step ever did. */
  readonly step: string | undefined
  readonly severity: CatalogDifference['severity']
}

export interface DriftFound {
  /** `host:port/database`. */
  readonly place: string
  readonly files: { readonly path: string; readonly upTo: string | undefined; readonly steps: number }
  readonly versions: { readonly files: string; readonly database: string }
  readonly drift: readonly Drift[]
  /** What is left out by intention. */
  readonly notCompared: readonly string[]
  /** Why a difference could stand unseen, or be none: then the verdict is unknown. */
  readonly unknown: readonly string[]
}

export interface DriftRequest {
  readonly url: string
  readonly paths: readonly string[]
  /** The last step that the database should have. */
  readonly at: string | undefined
  readonly options: VerifyOptions
  readonly hooks: VerifyHooks
}

/**
 * Hold a live database against what the files of a project make of an empty one. The database is only read, in one transaction.
 *
 * @throws {InputError} When the files cannot be read or applied, or the URL cannot be used.
 * @throws {EnvironmentError} When the database does not answer, or no server for the files can be started.
 */
export async function findDrift({ url, paths, at, options, hooks }: DriftRequest): Promise<DriftFound> {
  const sources = await readSources(paths, options)
  const [source, ...others] = sources
  if (source === undefined || others.length > 0)
    throw new InputError(`a database is held against one history, and there are ${sources.length} here`, {
      hint: 'Name one folder, or one project of the configuration with --project.',
    })
  const opened = await openDatabase(url)
  const major = installedMajors().includes(opened.version.major) ? opened.version.major : undefined
  const database = await readLive(opened)
  await using cluster = await startCluster(
    { kind: 'embedded', ...(major === undefined ? {} : { major }) },
    hooks.signal === undefined ? {} : { signal: hooks.signal },
  )
  return await driftOn(cluster, source, { opened, database }, { at, options, hooks })
}

/** A live database, and what was read there. */
export interface Live {
  readonly opened: Pick<OpenedDatabase, 'place' | 'version'>
  readonly database: CatalogObjects
}

/** The same with a server for the files that runs already. */
export async function driftOn(
  cluster: Cluster,
  source: Source,
  { opened, database }: Live,
  given: Pick<DriftRequest, 'at' | 'options' | 'hooks'>,
): Promise<DriftFound> {
  return await onSchemaOfFiles(cluster, source, given, async (files) => {
    const sameMajor = cluster.version.major === opened.version.major
    return {
      place: opened.place,
      files: { path: files.path, upTo: files.upTo, steps: files.steps },
      versions: { files: cluster.version.text, database: opened.version.text },
      ...(await compare(files, database, sameMajor)),
      notCompared: notCompared(files),
      unknown: [
        ...files.unapplied,
        ...(sameMajor
          ? []
          : [
              `PostgreSQL ${opened.version.major} is not installed here: the files were applied to ${cluster.version.text}, which may name or write things otherwise`,
            ]),
      ],
    }
  })
}

async function compare(files: SchemaOfFiles, database: CatalogObjects, sameMajor: boolean): Promise<Pick<DriftFound, 'drift'>> {
  const theirs = migratorOf(files.objects, files.owner, database)
  const [before, after, untouched] = [neutral(files.objects, files.owner), neutral(database, theirs), neutral(files.before, files.owner)]
  const by = new Map([...files.by].map(([key, step]) => [key.replace(`for ${files.owner} `, 'for <migrator> '), step]))
  const expected = files.toolTables
  const [inFiles, inDatabase] = [before, after].map((objects) => comparable(objects, files.platformSchemas, sameMajor))
  const all = diffObjects(inFiles ?? before, inDatabase ?? after)
  const real = await canonicalExpressions(files.session, all, before, after)
  const drift = real.flatMap((each): Drift[] => {
    const key = `${each.kind} ${each.path}`
    if (each.change === 'added' && isOfTool(each, after, expected)) return []
    if (madeByNobody(each, key, before, untouched, by)) return []
    const step = by.get(each.property === undefined ? key : `${key} ${each.property}`) ?? by.get(key)
    const { change, kind, path, property, before: mine, after: other, severity } = each
    return [{ change, kind, path, property, inFiles: mine, inDatabase: other, step, severity }]
  })
  return { drift }
}

/** Whether it is a table in which a tool notes what it applied, something of such a table, or a schema that holds nothing else. */
function isOfTool({ kind, path, relation }: CatalogDifference, database: CatalogObjects, tables: ReadonlySet<string>): boolean {
  const ofTool = (of: string) => [...tables].some((table) => of === table || of.endsWith(`.${table}`))
  if (relation !== undefined) return ofTool(relation)
  if (kind !== 'schema') return false
  const inside = [...database.values()].filter((each) => each.relation?.startsWith(`${path}.`))
  return inside.length > 0 && inside.every((each) => ofTool(each.relation ?? ''))
}

/** Whether it stood there before the first step and no step touched it: how a server is set up is nothing of the files'. */
function madeByNobody(
  { change, property, before }: CatalogDifference,
  key: string,
  files: CatalogObjects,
  untouched: CatalogObjects,
  by: ReadonlyMap<string, string>,
): boolean {
  const old = untouched.get(key)
  if (change === 'added' || old === undefined) return false
  if (property === undefined) return !by.has(key)
  return !by.has(`${key} ${property}`) && (before === undefined || files.get(key)?.properties[property] === old.properties[property])
}

function notCompared({ toolTables, objects, before, platformSchemas }: SchemaOfFiles): readonly string[] {
  const known = [...objects.keys(), ...before.keys()].some((key) => key.startsWith('extension '))
  return [
    'rows, the positions of sequences, roles and their memberships, settings and rights of the database itself',
    ...(known ? ['versions of extensions'] : []),
    ...(platformSchemas.size > 0 ? [`schemas of the platform: ${[...platformSchemas].sort().join(', ')}`] : []),
    ...(toolTables.size > 0 ? ['tables in which migration tools note what they applied'] : []),
  ]
}
