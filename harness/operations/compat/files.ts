import { join } from 'node:path'
import { InputError } from '../../errors.ts'
import type { History, Source } from '../../formats/index.ts'
import type { Script } from '../../migration/index.ts'

/** The three texts of a generated migration. */
export interface Texts {
  readonly up: string
  readonly down: string
  readonly contract: string
}

/** Where a generated migration goes, in the layout of the project's tool. */
export interface Layout {
  /** The step as its tool names it. */
  readonly name: string
  readonly version: string
  /** Path of the step, absolute. */
  readonly path: string
  /** How the tool sends `up`. */
  readonly mode: Script['mode']
  /** Absolute path → text. */
  readonly files: (texts: Texts) => ReadonlyMap<string, string>
  /** What the reader must know of these files. */
  readonly note?: string
}

/** What a layout is made from. */
interface Place {
  readonly root: string
  readonly name: string
  readonly history: History
  /** `20261129201500`, behind the newest step. */
  readonly stamp: string
}

/**
 * The layout of one more migration in a project.
 *
 * @param directory  Of a pair; a history knows its own.
 * @param now  For versions that are times.
 * @throws {InputError} For a tool whose files cannot be written without it.
 */
export function layoutOf(source: Source, directory: string, name: string, now: Date): Layout {
  if (source.kind === 'pairs') return pair(directory, name)
  if (source.kind === 'command')
    throw new InputError('the migrations of this project are run by a command, which makes its own files', {
      hint: 'Name a folder of SQL files.',
    })
  const { history } = source
  const layout = layouts[history.format]
  if (layout === undefined)
    throw new InputError(`files of the format "${history.format}" cannot be written here`, {
      detail: `They can be for: pair, ${Object.keys(layouts).join(', ')}.`,
      hint: 'Make an empty migration with the tool itself, and generate into a folder with legacy.sql to copy from.',
    })
  return layout({ root: history.root, name, history, stamp: stampAfter(history, now) })
}

const layouts: Readonly<Record<string, (place: Place) => Layout>> = {
  supabase: ({ root, name, stamp }) => ({
    ...one(root, `${stamp}_${name}.sql`, stamp, 'transaction'),
    // The tool would take any `.sql` in the folder for a step.
    files: ({ up, down, contract }) =>
      new Map([
        [join(root, `${stamp}_${name}.sql`), up],
        [join(root, '..', 'rollbacks', `${stamp}_${name}.sql`), down],
        [join(root, `${stamp}_${name}.contract.ts`), contract],
      ]),
    note: 'Supabase runs no downs: psql runs the one under rollbacks/.',
  }),
  prisma: ({ root, name, stamp }) => ({
    ...one(root, `${stamp}_${name}`, `${stamp}_${name}`, 'message'),
    files: ({ up, down, contract }) =>
      inFolder(join(root, `${stamp}_${name}`), { 'migration.sql': up, 'down.sql': down, 'contract.ts': contract }),
    note: 'Prisma runs no downs: psql runs down.sql. schema.prisma must be given the new names.',
  }),
  diesel: ({ root, name, stamp }) => {
    const folder = `${stamp.replace(/^(....)(..)(..)(......)$/, '$1-$2-$3-$4')}_${name}`
    return {
      ...one(root, folder, stamp, 'transaction'),
      files: ({ up, down, contract }) => inFolder(join(root, folder), { 'up.sql': up, 'down.sql': down, 'contract.ts': contract }),
    }
  },
  'golang-migrate': (place) => pairOfFiles(place, numbered(place, '_'), '.up.sql', '.down.sql', 'message'),
  sql: (place) => {
    const upSuffix = place.history.steps.some(({ name }) => name.endsWith('.up.sql')) ? '.up.sql' : '.sql'
    return pairOfFiles(place, numbered(place, separatorOf(place)), upSuffix, '.down.sql', 'transaction')
  },
  dbmate: (place) => marked(place, `${place.stamp}_${place.name}`, place.stamp, ['-- migrate:up', '-- migrate:down'], identity),
  'node-pg-migrate': (place) => {
    const version = numberAfter(place.history, String(Date.parse(isoOf(place.stamp))))
    return marked(place, `${version}_${place.name}`, version, ['-- Up Migration', '-- Down Migration'], identity)
  },
  goose: (place) =>
    marked(
      place,
      numbered(place, '_'),
      numbered(place, '_').split('_')[0] ?? '',
      ['-- +goose Up', '-- +goose Down'],
      (sql) => `-- +goose StatementBegin\n${sql}-- +goose StatementEnd\n`,
    ),
  flyway: ({ root, name, history }) => {
    const version = nextOfParts(history.steps.findLast((step) => step.repeatable !== true)?.version ?? '0')
    const base = `${version.replaceAll('.', '_')}__${name}`
    const folder = folderOfNewest(root, history)
    return {
      ...one(folder, `V${base}.sql`, version, 'transaction'),
      files: ({ up, down, contract }) =>
        new Map([
          [join(folder, `V${base}.sql`), up],
          [join(folder, `U${base}.sql`), down],
          [join(folder, `V${base}.contract.ts`), contract],
        ]),
    }
  },
}

function pair(directory: string, name: string): Layout {
  return {
    name,
    version: name,
    path: directory,
    mode: 'transaction',
    files: ({ up, down, contract }) => inFolder(directory, { 'up.sql': up, 'down.sql': down, 'contract.ts': contract }),
  }
}

function one(root: string, name: string, version: string, mode: Script['mode']): Omit<Layout, 'files'> {
  return { name, version, path: join(root, name), mode }
}

function inFolder(folder: string, files: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(files).map(([name, text]) => [join(folder, name), text]))
}

function pairOfFiles({ root }: Place, stem: string, upSuffix: string, downSuffix: string, mode: Script['mode']): Layout {
  return {
    ...one(root, `${stem}${upSuffix}`, stem, mode),
    files: ({ up, down, contract }) =>
      inFolder(root, { [`${stem}${upSuffix}`]: up, [`${stem}${downSuffix}`]: down, [`${stem}.contract.ts`]: contract }),
  }
}

/** Both directions in one file, under marks. */
function marked(
  { root }: Place,
  stem: string,
  version: string,
  [upMark, downMark]: readonly [string, string],
  wrap: (sql: string) => string,
): Layout {
  return {
    ...one(root, `${stem}.sql`, version, 'transaction'),
    files: ({ up, down, contract }) =>
      inFolder(root, { [`${stem}.sql`]: `${upMark}\n${wrap(up)}\n${downMark}\n${wrap(down)}`, [`${stem}.contract.ts`]: contract }),
  }
}

const identity = (sql: string): string => sql

function isoOf(stamp: string): string {
  return stamp.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6Z')
}

/** The time now, or one second after the newest step where that lies ahead. */
function stampAfter(history: History, now: Date): string {
  const stamp = now.toISOString().replaceAll(/[-:T]|\..*$/g, '')
  const newest = history.steps
    .flatMap(({ name }) => /^(\d{14})/.exec(name.replaceAll('-', ''))?.[1] ?? [])
    .reduce((one, other) => (one > other ? one : other), '')
  return newest >= stamp ? String(BigInt(newest) + 1n) : stamp
}

/** The number behind the newest, as long as that one is, with the name. */
function numbered({ name, history, stamp }: Place, separator: string): string {
  const [, digits] = /^(\d+)/.exec(history.steps.at(-1)?.name ?? '') ?? []
  return `${digits?.length === 14 ? stamp : numberAfter(history, '1')}${separator}${name}`
}

function numberAfter(history: History, least: string): string {
  const numbers = history.steps.flatMap(({ name }) => /^(\d+)/.exec(name)?.[1] ?? [])
  const newest = numbers.reduce((one, other) => (BigInt(one) > BigInt(other) ? one : other), '0')
  const next = BigInt(newest) + 1n
  return (next > BigInt(least) ? String(next) : least).padStart(newest.length, '0')
}

function separatorOf({ history }: Place): string {
  return /^\d+([_-])/.exec(history.steps.at(-1)?.name ?? '')?.[1] ?? '_'
}

function nextOfParts(version: string): string {
  return version.replace(/\d+$/, (last) => String(BigInt(last) + 1n))
}

function folderOfNewest(root: string, history: History): string {
  const newest = history.steps.findLast((step) => step.repeatable !== true)
  return newest === undefined ? root : join(newest.path, '..')
}
