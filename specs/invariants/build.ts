import type { Attribute, Catalog, Constraint, Relation } from '../../harness/catalog/index.ts'
import type { BandKind } from '../../harness/data/index.ts'
import { type Knowledge, learnLineage } from '../../harness/lineage/index.ts'
import { type Applied, type Failed, observationOf, type PhaseOutcome, type RunObservation, type State } from '../../harness/run/index.ts'

/** A relation in a few words, for pure specs of the invariants. */
export interface Sketch {
  readonly oid?: number
  /** name → type; a name may carry its attribute number: `remark#3`. */
  readonly columns: Readonly<Record<string, string>>
  readonly key?: readonly string[]
  /** attribute → `public.parent.id`. */
  readonly references?: Readonly<Record<string, string>>
  readonly notNull?: readonly string[]
  readonly rows: readonly (readonly (string | null)[])[]
}

export function state(sketches: Readonly<Record<string, Sketch>>): State {
  const relations = new Map(Object.entries(sketches).map(([path, sketch], at) => [path, relationOf(path, sketch, 9000 + at)]))
  const catalog: Catalog = {
    version: { text: '18.4', major: 18 },
    schemas: ['public'],
    relations,
    types: new Map(),
    sequences: [],
    extensions: new Map(),
  }
  const rows = new Map(
    Object.entries(sketches).map(([path, sketch]) => [path, { attributes: Object.keys(sketch.columns).map(bare), rows: sketch.rows }]),
  )
  return { catalog, rows }
}

function relationOf(path: string, sketch: Sketch, fallback: number): Relation {
  const [schema = '', name = ''] = path.split('.')
  const attributes = Object.entries(sketch.columns).map(([column, type], at): Attribute => {
    const number = Number(column.split('#')[1] ?? at + 1)
    const base = {
      name: bare(column),
      number,
      type,
      typePath: type,
      modifier: -1,
      default: undefined,
      identity: undefined,
      generated: undefined,
      collation: undefined,
      inherited: false,
      comment: undefined,
    }
    return { ...base, notNull: (sketch.key?.includes(bare(column)) ?? false) || (sketch.notNull?.includes(bare(column)) ?? false) }
  })
  const constraints = Object.entries(sketch.references ?? {}).map(([attribute, target]): Constraint => {
    const at = target.lastIndexOf('.')
    return {
      name: `${name}_${attribute}_fkey`,
      kind: 'foreign-key',
      definition: '',
      attributes: [attribute],
      expression: undefined,
      references: { relation: target.slice(0, at), attributes: [target.slice(at + 1)] },
      onDelete: 'no-action',
      matchFull: false,
      deferrable: false,
      initiallyDeferred: false,
      validated: true,
      enforced: true,
      inherited: false,
    }
  })
  const indexes =
    sketch.key === undefined
      ? []
      : [
          {
            name: `${name}_pkey`,
            unique: true,
            primary: true,
            nullsNotDistinct: false,
            valid: true,
            attributes: sketch.key,
            expressions: sketch.key,
            predicate: undefined,
            exclusion: false,
            definition: '',
          },
        ]
  return {
    schema,
    name,
    oid: sketch.oid ?? fallback,
    fileNode: 0,
    kind: 'table',
    persistence: 'permanent',
    partitionOf: undefined,
    partitionKey: undefined,
    inherits: [],
    rowSecurity: { enabled: false, forced: false },
    attributes,
    constraints,
    indexes,
    triggers: [],
    definition: undefined,
    comment: undefined,
  }
}

function bare(column: string): string {
  return column.split('#')[0] ?? column
}

/** What a run went on to, in a few words. */
interface More extends Partial<RunObservation> {
  readonly reverted?: Omit<Applied, 'phase'> | Omit<Failed, 'phase'>
  /** `up` once more, after a `down` that restored everything. */
  readonly again?: Omit<Applied, 'phase'> | Omit<Failed, 'phase'>
  /** `up` once more, at once. */
  readonly repeated?: Omit<Applied, 'phase'> | Omit<Failed, 'phase'>
}

export function run(legacy: State, migrated: State, { reverted, again, repeated, failure, ...more }: More = {}): RunObservation {
  const up: PhaseOutcome = failure === undefined ? applied('up', migrated) : { phase: 'up', outcome: 'failed', failure }
  const down = reverted ?? (again === undefined ? undefined : applied('down', legacy))
  const outcomes = [
    up,
    ...(down === undefined ? [] : [{ ...down, phase: 'down' } as PhaseOutcome]),
    ...[again, repeated].flatMap((each) => (each === undefined ? [] : [{ ...each, phase: 'up' } as PhaseOutcome])),
  ]
  return {
    ...observationOf({
      regime: 'edge',
      rung: 'clone',
      extreme: false,
      legacy,
      outcomes,
      measures: [],
      metrics: [],
      seed: { filled: [], unfilled: [], dropped: [], bypassed: [] },
      bands: undefined,
    }),
    ...more,
  }
}

function applied(phase: 'up' | 'down', state: State): Applied {
  return { phase, outcome: 'applied', state, differences: [] }
}

export function banded(
  legacy: State,
  migrated: State,
  bands: Readonly<Record<string, Readonly<Record<string, BandKind>>>>,
): RunObservation {
  return run(legacy, migrated, {
    regime: 'banded',
    bands: new Map(Object.entries(bands).map(([path, kinds]) => [path, new Map(Object.entries(kinds))])),
  })
}

export function knowing(runs: readonly RunObservation[], more: Partial<Knowledge> = {}): Knowledge {
  return {
    lineage: learnLineage(runs),
    discards: [],
    softReferences: [],
    written: new Set(),
    hasDown: true,
    volatile: new Set(),
    locate: () => undefined,
    locateDown: () => undefined,
    ...more,
  }
}

/** Banded texts, unique by row and column, mixed case, every third with a blank at the end. */
export function word(row: number, column: string): string {
  return `Kestrel${column}${row}a Dunlin${column}${row}z${row % 3 === 0 ? ' ' : ''}`
}

export const twelve = Array.from({ length: 12 }, (_, row) => row)

/** Ids that no sequence reaches, unique in their leading digits. */
export function id(row: number): string {
  return String(1_000_011 + row * 10_100)
}
