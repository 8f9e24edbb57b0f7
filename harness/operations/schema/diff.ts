import { type CatalogDifference, type CatalogObjects, canonicalExpressions, diffObjects } from '../../catalog/index.ts'
import { InputError } from '../../errors.ts'
import type { SchemaOfFiles } from '../../history/index.ts'
import { type Cluster, openDatabase, startCluster } from '../../postgres/index.ts'
import { maskSecrets } from '../../report/index.ts'
import type { VerifyHooks, VerifyOptions } from '../../verify/index.ts'
import { judged, type SchemaChange } from './changes.ts'
import { comparable } from './comparable.ts'
import { highest, type Level } from './levels.ts'
import { readLive } from './live.ts'
import { migratorOf, neutral } from './neutral.ts'
import { type FilesPlace, onPlace, type Place, placeOf } from './place.ts'

export interface SchemaDiff {
  readonly from: string
  readonly to: string
  /** The gravest level of all changes; undefined where nothing differs. */
  readonly level: Level | undefined
  /** The gravest first. */
  readonly changes: readonly SchemaChange[]
  /** Why a change could stand unseen. */
  readonly unknown: readonly string[]
}

export interface DiffRequest {
  /** Each `PATH`, `PATH@STEP`, the same behind `REF:`, or a URL. */
  readonly from: string
  readonly to: string
  readonly options: VerifyOptions
  readonly hooks: VerifyHooks
}

/** A schema, and who owns what the files make in it. */
interface Read {
  readonly objects: CatalogObjects
  readonly owner: string | undefined
  readonly platformSchemas: ReadonlySet<string>
  readonly toolTables: ReadonlySet<string>
  readonly major: number
  readonly unknown: readonly string[]
}

/**
 * What sets two schemas apart, and which of it can break a client.
 *
 * @throws {InputError} When a place cannot be read.
 * @throws {EnvironmentError} When a database does not answer, or no server can be started.
 */
export async function diffSchemas(request: DiffRequest): Promise<SchemaDiff> {
  if (placeOf(request.from).kind === 'url' && placeOf(request.to).kind === 'url')
    throw new InputError('two databases are not compared here', {
      hint: 'One of both must be a folder of migrations, whose server reads the expressions.',
    })
  const { signal } = request.hooks
  await using cluster = await startCluster({ kind: 'embedded' }, signal === undefined ? {} : { signal })
  return await diffOn(cluster, request)
}

/** The same on a server for the files that runs already. */
export async function diffOn(cluster: Cluster, { from, to, options, hooks }: DiffRequest): Promise<SchemaDiff> {
  const onFiles = <Result>(place: FilesPlace, work: (schema: SchemaOfFiles) => Promise<Result>) =>
    onPlace(cluster, place, { options, hooks }, work)
  const read = (place: Place): Promise<Read> =>
    place.kind === 'url' ? ofDatabase(place.url) : onFiles(place, async (files) => ofFiles(files, cluster))
  // The last to be opened lends its session: there expressions of both are written by one server.
  const [start, end] = [placeOf(from), placeOf(to)]
  const [other, lender] = end.kind === 'url' ? [end, start] : [start, end]
  const first = await read(other)
  return onFiles(lender as FilesPlace, async (files) => {
    const second = ofFiles(files, cluster)
    const sides = end.kind === 'url' ? { before: second, after: first } : { before: first, after: second }
    const { before, after } = neutralSides(sides.before, sides.after)
    const differences = diffObjects(before, after).filter((each) => each.change !== 'added' || !ofTool(each, sides))
    const real = await canonicalExpressions(files.session, differences, before, after)
    const changes = judged(real, before, after)
    const otherMajor = sides.before.major !== sides.after.major
    return {
      from: maskSecrets(from),
      to: maskSecrets(to),
      level: changes.length === 0 ? undefined : highest(changes.map(({ level }) => level)),
      changes,
      unknown: [
        ...sides.before.unknown,
        ...sides.after.unknown,
        ...(otherMajor
          ? [`one is on PostgreSQL ${sides.before.major}, the other on ${sides.after.major}: they may write things otherwise`]
          : []),
      ],
    }
  })
}

function ofFiles({ objects, owner, platformSchemas, toolTables, unapplied }: SchemaOfFiles, { version }: Cluster): Read {
  return { objects, owner, platformSchemas, toolTables, major: version.major, unknown: unapplied }
}

async function ofDatabase(url: string): Promise<Read> {
  const opened = await openDatabase(url)
  const objects = await readLive(opened)
  return { objects, owner: undefined, platformSchemas: new Set(), toolTables: new Set(), major: opened.version.major, unknown: [] }
}

function neutralSides(before: Read, after: Read): { readonly before: CatalogObjects; readonly after: CatalogObjects } {
  const ownerOf = (side: Read, files: Read) => side.owner ?? migratorOf(files.objects, files.owner ?? '', side.objects)
  const sameMajor = before.major === after.major
  const platform = new Set([...before.platformSchemas, ...after.platformSchemas])
  const whole = (side: Read, files: Read) => comparable(neutral(side.objects, ownerOf(side, files)), platform, sameMajor)
  return { before: whole(before, after), after: whole(after, before) }
}

function ofTool({ path, relation }: CatalogDifference, { before, after }: { readonly before: Read; readonly after: Read }): boolean {
  const name = (relation ?? path).split('.').at(-1) ?? ''
  return before.toolTables.has(name) || after.toolTables.has(name)
}
