import { InputError } from '../errors.ts'
import { atlas } from './atlas.ts'
import { dbmate } from './dbmate.ts'
import { formatOf, type OwnFormat } from './define-format.ts'
import { diesel } from './diesel.ts'
import { drizzle } from './drizzle.ts'
import { flyway } from './flyway.ts'
import type { Format } from './format.ts'
import { golangMigrate } from './golang-migrate.ts'
import { goose } from './goose.ts'
import { graphileMigrate } from './graphile-migrate.ts'
import { liquibase } from './liquibase.ts'
import { nodePgMigrate } from './node-pg-migrate.ts'
import { plainSql } from './plain-sql.ts'
import { prisma } from './prisma.ts'
import { programTools } from './programs/registry.ts'
import { sqitch } from './sqitch.ts'
import { supabase } from './supabase.ts'

/** The formats in the order in which their markers decide; among markers of one strength the first wins. */
export const formats = [
  prisma,
  drizzle,
  sqitch,
  liquibase,
  goose,
  dbmate,
  graphileMigrate,
  golangMigrate,
  flyway,
  atlas,
  supabase,
  nodePgMigrate,
  diesel,
  plainSql,
] as const satisfies readonly Format[]

/** A pair has a legacy schema of its own, a command is given by the configuration: neither is a layout of a folder of steps. */
export type FormatName = 'pair' | (typeof formats)[number]['id'] | (typeof programTools)[number]['id'] | 'command'

/** All names for `--format` and the configuration, without `auto` and the user's own. */
export const formatNames: readonly FormatName[] = [
  ...new Set<FormatName>(['pair', ...formats.map(({ id }) => id), ...programTools.map(({ id }) => id), 'command']),
]

/** Whether it is the id of a tool that runs programs. */
export function isProgramTool(id: string): boolean {
  return programTools.some((tool) => tool.id === id)
}

/** Of tools that are driven by a command of the user's. */
const otherHistoryTables = ['ar_internal_metadata']

/** The tables in which the tools that are known keep what was applied: no data of the user's. */
export const toolTables: ReadonlySet<string> = new Set([
  ...[...formats, ...programTools].flatMap(({ historyTables }) => historyTables).filter((table) => table !== 'migrations'),
  ...otherHistoryTables,
])

/**
 * The user's own formats in the form of the built-in ones.
 *
 * @throws {InputError} for an id that cannot be one, or is taken.
 */
export function ownFormats(given: readonly OwnFormat[] = []): readonly Format[] {
  const taken = new Set<string>(['auto', ...formatNames])
  for (const { id } of given) {
    if (!/^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u.test(id)) {
      throw new InputError(`"${id}" cannot be the id of a format`, { hint: 'It consists of letters, digits, ".", "_" and "-".' })
    }
    if (taken.has(id)) throw new InputError(`there is a format "${id}" already`, { hint: 'Give yours another id.' })
    taken.add(id)
  }
  return given.map(formatOf)
}

/**
 * A format by the name that was given for it; undefined for `auto`, or none.
 *
 * @throws {InputError} for a name that is none.
 */
export function knownFormat(name: string | undefined, own: readonly Pick<Format, 'id'>[] = []): string | undefined {
  if (name === undefined || name === 'auto') return undefined
  const known = [...own.map(({ id }) => id), ...formatNames]
  if (known.includes(name)) return name
  throw new InputError(`unknown format "${name}"`, { hint: `Known formats: auto, ${known.join(', ')}.` })
}
