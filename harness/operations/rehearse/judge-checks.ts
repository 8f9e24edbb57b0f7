import { invariants } from '../../invariants/index.ts'
import type { Knowledge } from '../../lineage/index.ts'
import { shownName } from '../../postgres/index.ts'
import { counted } from '../../report/index.ts'
import { type FindingResult, findingId } from '../../result/index.ts'
import type { CheckResult, RehearsalFinding } from './model.ts'

/** What findings are made with. */
export interface JudgeContext {
  readonly migration: string
  readonly knowledge: Pick<Knowledge, 'locate' | 'locateDown'>
  /** Findings of verification, waivers laid over them. */
  readonly predicted: readonly FindingResult[]
  /** Rows of each table before the migration. */
  readonly rows: ReadonlyMap<string, number>
}

/** What a finding is made of; the rest follows. */
export type FindingDraft = Pick<RehearsalFinding, 'invariant' | 'kind' | 'message'> & {
  /** Name of the measure or metric that it is about. */
  readonly subject?: string | undefined
} & Partial<
    Pick<
      RehearsalFinding,
      'relation' | 'attribute' | 'file' | 'line' | 'sqlstate' | 'rows' | 'alterations' | 'samples' | 'cause' | 'severity'
    >
  >

const kinds: Readonly<Record<CheckResult['check'], { readonly invariant: string; readonly kind: string }>> = {
  presence: { invariant: 'zero-loss', kind: 'cell-lost' },
  'row-lost': { invariant: 'zero-loss', kind: 'row-lost' },
  'cell-lost': { invariant: 'zero-loss', kind: 'cell-lost' },
  'row-doubled': { invariant: 'zero-loss', kind: 'row-doubled' },
  'cell-altered': { invariant: 'zero-loss', kind: 'cell-altered' },
  'values-merged': { invariant: 'zero-loss', kind: 'cell-altered' },
  contents: { invariant: 'zero-loss', kind: 'row-lost' },
  digest: { invariant: 'zero-loss', kind: 'cell-altered' },
  'copy-sum': { invariant: 'quantity-parity', kind: 'difference' },
  total: { invariant: 'quantity-parity', kind: 'difference' },
  measure: { invariant: 'quantity-parity', kind: 'difference' },
  orphan: { invariant: 'no-orphans', kind: 'orphan' },
}

/** The findings that the answers of the copy make: what differs because something else does follows from that. */
export function findingsOf(checks: readonly CheckResult[], context: JudgeContext): readonly RehearsalFinding[] {
  const findings: RehearsalFinding[] = []
  for (const check of checks) {
    if (check.differing === null || check.differing === 0) continue
    const { invariant, kind } = kinds[check.check]
    const { relation, attribute, alterations, samples } = check
    const rows = check.check === 'digest' ? null : check.differing
    const cause = causeOf(check, findings)
    const message = messageOf(check, context)
    const subject = check.check === 'measure' ? check.title.slice(0, check.title.lastIndexOf(': ')) : undefined
    findings.push(findingOf({ invariant, kind, message, relation, attribute, rows, alterations, samples, cause, subject }, context))
  }
  return findings
}

/** A finding with its id, its place, and what verification said of it. */
export function findingOf(draft: FindingDraft, context: JudgeContext): RehearsalFinding {
  const { relation = null, attribute = null, invariant, kind, cause = null } = draft
  const place = relation === null ? undefined : context.knowledge.locate(relation, attribute ?? undefined)
  const predicted = predictionOf(draft, context.predicted)
  const { subject: _, ...given } = draft
  const rule = invariants.find(({ id }) => id === invariant)?.rules[kind]
  return {
    sqlstate: null,
    rows: null,
    alterations: {},
    samples: [],
    file: place?.file ?? null,
    line: place?.line ?? null,
    ...given,
    relation,
    attribute,
    cause,
    id: findingId(`rehearsal of ${context.migration}`, {
      invariant,
      kind: `${kind} ${draft.message.replaceAll(/\d/g, '')}`,
      severity: 'error',
      known: 'observed',
      relation: relation ?? undefined,
      attribute: attribute ?? undefined,
      message: draft.message,
      evidence: {},
    }),
    severity: cause === null ? (predicted?.severity ?? draft.severity ?? 'error') : 'info',
    predictedBy: predicted?.id ?? null,
    waived: predicted?.waived ?? null,
    hint: predicted?.hint ?? rule?.remedy ?? null,
  }
}

/** The finding of verification on the same thing: never one of another kind of loss, which would hide this one. */
function predictionOf({ invariant, kind, relation = null, attribute = null, subject }: FindingDraft, predicted: readonly FindingResult[]) {
  const own = predicted.filter((each) => each.invariant === invariant)
  const measure = own.find(({ object }) => object !== null && object === subject)
  // Another metric of the same table is another promise.
  if (measure !== undefined || relation === null || invariant === 'metrics-kept') return measure
  const same = (each: FindingResult) => each.relation === relation && each.attribute === attribute
  if (attribute === null && invariant === 'rollback-restores-state')
    return own.find((each) => each.kind === kind && each.relation === relation)
  if (attribute === null) return own.find((each) => same(each) && each.kind === kind)
  // A sum differs where a value does.
  const values = invariant === 'quantity-parity' ? predicted.filter((each) => each.invariant === 'zero-loss') : []
  return [...own, ...values].find(same)
}

/** Sums that differ because a value of the column does, and values of rows that are lost. */
function causeOf({ check, relation, attribute }: CheckResult, findings: readonly RehearsalFinding[]): string | null {
  if (relation === null) return null
  const own = findings.filter((each) => each.relation === relation && each.cause === null)
  const lost = own.find(({ kind, attribute: column }) => kind === 'row-lost' && column === null)
  if (lost !== undefined && check !== 'row-lost' && check !== 'orphan') return lost.id
  if (check === 'values-merged') return own.find((each) => each.attribute === attribute && each.kind === 'cell-altered')?.id ?? null
  return null
}

/** Values come before the sums that follow from them. */
export function causesFirst(checks: readonly CheckResult[]): readonly CheckResult[] {
  const order = [
    'presence',
    'row-lost',
    'cell-lost',
    'row-doubled',
    'contents',
    'digest',
    'cell-altered',
    'values-merged',
    'measure',
    'copy-sum',
    'total',
    'orphan',
  ]
  return checks.toSorted((one, other) => order.indexOf(one.check) - order.indexOf(other.check))
}

function messageOf({ check, relation, attribute, differing, alterations, title }: CheckResult, { rows }: JudgeContext): string {
  const table = relation === null ? '' : shownName(relation)
  const column = attribute === null ? table : `${table}.${attribute}`
  const count = differing ?? 0
  const of = `${count} of ${counted(rows.get(relation ?? '') ?? count, 'row')}`
  const ways = Object.entries(alterations)
    .map(([way, items]) => `${way} ${items}`)
    .join(', ')
  switch (check) {
    case 'presence':
      return `the migrated schema is not the one that generated rows showed: ${counted(count, 'column')} missing`
    case 'row-lost':
      return `${table}: ${of} are in no table after the migration`
    case 'row-doubled':
      return `${table}: ${counted(count, 'row')} are there more often than before`
    case 'cell-lost':
      return `${column}: the values of ${of} are in no column after the migration`
    case 'contents':
      return `${table}: ${counted(count, 'row')} are not there as often as before`
    case 'digest':
      return attribute === null
        ? `${column}: values have changed places between rows: the digest of the rows is another one`
        : `${column}: values have changed: the digest over all ${counted(rows.get(relation ?? '') ?? 0, 'row')} is another one`
    case 'cell-altered':
      return `${column}: the value has changed in ${of} (${ways})`
    case 'values-merged':
      return `${column}: in ${of} the new value stands for several old ones`
    case 'orphan':
      return `${column}: ${counted(count, 'value')} refer to no row, and did before`
    default:
      return `not as before: ${title} (${counted(count, 'item')}: ${ways})`
  }
}
