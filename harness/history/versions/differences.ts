import { type CatalogDifference, groupBy } from '../../catalog/index.ts'
import { type FindingResult, findingId, type MigrationResult } from '../../result/index.ts'
import { modeText, type WatchedStatement, whomItStops } from '../../run/index.ts'
import type { SchemaStep } from '../schema-of-files.ts'
import { schemaDifferences } from './comparable.ts'
import { type DifferenceKind, sameOnVersions } from './rules.ts'

/** One migration on one of several versions. */
export interface OnVersion {
  /** As messages name it: `15.18`. */
  readonly version: string
  /** Undefined where it was not verified there. */
  readonly result: MigrationResult | undefined
  /** Undefined where it was not applied there beside its verification. */
  readonly step: SchemaStep | undefined
}

/** What differs between versions in one migration, as findings. Pure. */
export function differencesOf(name: string, all: readonly OnVersion[], united: readonly FindingResult[]): readonly FindingResult[] {
  const finding = findingsOf(name)
  const refused = refusals(all, united, finding)
  // What a version does not find because it refused the statement follows from that.
  const went = refused.length === 0 ? all : all.filter(({ step }) => step?.failure === undefined)
  const some = onSomeVersions(went, united, finding)
  const cause = [...refused, ...some].find((each) => each.severity !== 'info')
  const verdicts = verdictDifference(all, finding, cause?.cause ?? null)
  return [...refused, ...verdicts, ...some, ...schemas(all, finding), ...locks(all, finding)]
}

type Maker = (
  kind: DifferenceKind,
  about: Pick<FindingResult, 'severity' | 'message' | 'evidence'> & Partial<FindingResult>,
) => FindingResult

function findingsOf(name: string): Maker {
  return (kind, about) => {
    const { relation = null, attribute = null, object = null } = about
    const invariant = sameOnVersions.id
    const id = findingId(name, {
      ...about,
      invariant,
      kind,
      known: 'observed',
      relation: relation ?? undefined,
      attribute: attribute ?? undefined,
      object: object ?? undefined,
      file: undefined,
      line: undefined,
      hint: undefined,
    })
    return {
      id,
      invariant,
      kind,
      known: 'observed',
      relation,
      attribute,
      object,
      file: null,
      line: null,
      cause: null,
      waived: null,
      counterexample: null,
      hint: sameOnVersions.rules[kind].remedy,
      preflight: null,
      ...about,
    }
  }
}

/** A step that applies to an empty database on one version and not on another. */
function refusals(all: readonly OnVersion[], united: readonly FindingResult[], finding: Maker): readonly FindingResult[] {
  const walked = all.flatMap(({ version, step }) => (step === undefined ? [] : [{ version, failure: step.failure }]))
  const applied = walked.filter(({ failure }) => failure === undefined).map(({ version }) => version)
  const [first, ...others] = walked.flatMap(({ version, failure }) => (failure === undefined ? [] : [{ version, failure }]))
  if (first === undefined || applied.length === 0) return []
  const { file, line, message, sqlstate } = first.failure
  const on = [first, ...others].map(({ version }) => version)
  const cause = united.find((each) => each.invariant === 'applies' && each.file === file && each.line === line)
  return [
    finding('statement-refused', {
      severity: 'warning',
      object: first.failure.statement?.text.slice(0, 200) ?? null,
      file,
      line,
      cause: cause?.id ?? null,
      message: `PostgreSQL ${on.join(', ')} refuses a statement that ${applied.join(', ')} applies: ${message}`,
      evidence: { refusedOn: on, appliedOn: applied, sqlstate },
    }),
  ]
}

function onSomeVersions(all: readonly OnVersion[], united: readonly FindingResult[], finding: Maker): readonly FindingResult[] {
  const verified = all.flatMap(({ version, result }) => (result === undefined ? [] : [{ version, findings: result.findings }]))
  return united.flatMap((one) => {
    const severities = verified.map(({ version, findings }) => ({ version, as: findings.find(({ id }) => id === one.id)?.severity }))
    if (new Set(severities.map(({ as }) => as)).size === 1) return []
    const there = severities.flatMap(({ version, as }) => (as === undefined ? [] : [`${version} (${as})`]))
    const absent = severities.flatMap(({ version, as }) => (as === undefined ? [version] : []))
    return [
      finding('finding-differs', {
        severity: one.severity === 'info' ? 'info' : 'warning',
        relation: one.relation,
        attribute: one.attribute,
        object: `${one.invariant} ${one.kind} ${one.object ?? ''}`.trim(),
        file: one.file,
        line: one.line,
        cause: one.id,
        message: `${one.invariant} (${one.kind})${subjectOf(one)} is found on PostgreSQL ${there.join(', ')}${absent.length === 0 ? '' : `, and not on ${absent.join(', ')}`}`,
        evidence: { severities: Object.fromEntries(severities.map(({ version, as }) => [version, as ?? null])) },
      }),
    ]
  })
}

function subjectOf({ relation, attribute, object }: FindingResult): string {
  const subject = relation === null ? object : attribute === null ? relation : `${relation}.${attribute}`
  return subject === null ? '' : ` of ${subject}`
}

function verdictDifference(all: readonly OnVersion[], finding: Maker, cause: string | null): readonly FindingResult[] {
  const verdicts = all.map(({ version, result }) => ({ version, verdict: result?.verdict ?? 'unknown' }))
  if (new Set(verdicts.map(({ verdict }) => verdict)).size === 1) return []
  const by = groupBy(verdicts, ({ verdict }) => verdict)
  const text = [...by].map(([verdict, on]) => `${verdict} on PostgreSQL ${on.map(({ version }) => version).join(', ')}`)
  return [
    finding('verdict-differs', {
      severity: 'warning',
      cause,
      message: `the verdict depends on the version: ${text.join('; ')}`,
      evidence: { verdicts: Object.fromEntries(verdicts.map(({ version, verdict }) => [version, verdict])) },
    }),
  ]
}

/** Where a statement is refused, what it does not make follows from that. */
function applied(all: readonly OnVersion[]): readonly { readonly version: string; readonly step: SchemaStep }[] {
  return all.flatMap(({ version, step }) => (step === undefined || step.failure !== undefined ? [] : [{ version, step }]))
}

/** Each version beside the newest one that was named last. */
function schemas(all: readonly OnVersion[], finding: Maker): readonly FindingResult[] {
  const steps = applied(all)
  const [last, ...others] = steps.toReversed()
  if (last === undefined) return []
  const seen = others.toReversed().flatMap(({ version, step }) => schemaDifferences(step, last.step).map((one) => ({ version, one })))
  return [...groupBy(seen, ({ one }) => JSON.stringify(one))].flatMap(([, [first, ...same]]) => {
    if (first === undefined) return []
    const { one } = first
    const on = [first, ...same].map(({ version }) => version)
    return [
      finding('schema-differs', {
        severity: one.severity === 'info' ? 'info' : 'warning',
        relation: one.relation ?? null,
        attribute: one.attribute ?? null,
        object: `${one.kind} ${one.path}${one.property === undefined ? '' : ` ${one.property}`} on ${on.join(', ')}`,
        message: schemaText(one, `PostgreSQL ${on.join(', ')}`, last.version),
        evidence: {
          change: one.change,
          property: one.property ?? null,
          [on.join(', ')]: one.before ?? null,
          [last.version]: one.after ?? null,
        },
      }),
    ]
  })
}

function schemaText({ change, kind, path, property, before, after }: CatalogDifference, on: string, last: string): string {
  if (change === 'added') return `the ${kind} ${path} is there on PostgreSQL ${last} only, not on ${on}`
  if (change === 'missing') return `the ${kind} ${path} is there on ${on}, not on PostgreSQL ${last}`
  return `the ${property} of the ${kind} ${path} is ${before ?? 'not there'} on ${on}, and ${after ?? 'not there'} on ${last}`
}

function locks(all: readonly OnVersion[], finding: Maker): readonly FindingResult[] {
  const steps = applied(all).flatMap(({ version, step }) =>
    step.statements === undefined ? [] : [{ version, statements: step.statements }],
  )
  const [first, ...others] = steps
  // A program that is sent as one, and a script that ends early, have no statements to set side by side.
  if (first === undefined || others.some(({ statements }) => statements.length !== first.statements.length)) return []
  return first.statements.flatMap((statement, at) => {
    const each = steps.map(({ version, statements }) => ({ version, statement: statements[at] ?? statement }))
    return [...lockDifference(each, at, finding), ...rewriteDifference(each, at, finding)]
  })
}

type Beside = readonly { readonly version: string; readonly statement: WatchedStatement }[]

function lockDifference(each: Beside, at: number, finding: Maker): readonly FindingResult[] {
  const relations = new Set(each.flatMap(({ statement }) => statement.locks.map(({ relation }) => relation)))
  return [...relations].flatMap((relation) => {
    const taken = each.map(({ version, statement }) => ({ version, modes: modesOn(statement, relation) }))
    if (new Set(taken.map(({ modes }) => modes.join())).size === 1) return []
    const stops = taken.some(({ modes }) => modes.some((mode) => whomItStops(mode) !== undefined))
    const text = taken.map(({ version, modes }) => `${modes.map(modeText).join(', ') || 'none'} on PostgreSQL ${version}`)
    return [
      finding('lock-differs', {
        severity: stops ? 'warning' : 'info',
        ...aboutStatement(each, at, relation, `its locks on ${relation} are ${text.join('; ')}`),
      }),
    ]
  })
}

function modesOn({ locks: taken }: WatchedStatement, relation: string): readonly string[] {
  return taken.flatMap((lock) => (lock.relation === relation ? [lock.mode] : [])).toSorted()
}

function rewriteDifference(each: Beside, at: number, finding: Maker): readonly FindingResult[] {
  const relations = new Set(each.flatMap(({ statement }) => statement.rewritten))
  return [...relations].flatMap((relation) => {
    const on = each.flatMap(({ version, statement }) => (statement.rewritten.includes(relation) ? [version] : []))
    if (on.length === each.length) return []
    return [
      finding('rewrite-differs', {
        severity: 'warning',
        ...aboutStatement(each, at, relation, `it rewrites ${relation} on PostgreSQL ${on.join(', ')} only`),
      }),
    ]
  })
}

/** What a finding says of one statement, whose place and text are the same on all versions. */
function aboutStatement([first]: Beside, at: number, relation: string, text: string) {
  const { statement } = first ?? {}
  const shown = (statement?.text ?? '').replace(/\s+/g, ' ').slice(0, 80)
  return {
    relation,
    object: `statement ${at + 1}`,
    file: statement?.file ?? null,
    line: statement?.line ?? null,
    message: `${shown}: ${text}`,
    evidence: { statement: statement?.text ?? null },
  }
}
