import * as fc from 'fast-check'
import type {
  ClaimResult,
  FindingResult,
  GroundResult,
  InvariantResult,
  LineageEntry,
  MigrationResult,
  Rule,
  SourceResult,
  VerifyResult,
} from '../../../harness/result/index.ts'

/** Texts as data has them, and what breaks tables, XML, terminals and shells. */
export const nastyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc
    .array(
      fc.constantFrom(
        ...[
          '|',
          '\\',
          '\\|',
          '`',
          '``',
          '<',
          '</td>',
          '<script>',
          '&amp;',
          ']]>',
          '<![CDATA[',
          '\n',
          '\r\n',
          '\t',
          '\0',
          '\u001b[31m',
          '\u0085',
          '\u202e',
        ],
        ...[
          '*',
          '**',
          '_',
          '~~',
          '[x](y)',
          '![',
          '#',
          '# ',
          '- ',
          '1. ',
          '```',
          '---',
          '@someone',
          'http://a.b',
          'www.a.b',
          '|---|',
          '$(x)',
          "'",
          '"',
          '\ud800',
          '漢字',
          '👩‍👩‍👧',
          ' ',
        ],
      ),
      { maxLength: 8 },
    )
    .map((parts) => parts.join('')),
)

const name = fc.oneof(fc.constantFrom('public.items', 'status', 'up.sql', 'zero-loss'), nastyText)
const nullableName = fc.option(name)
const count = fc.nat({ max: 100_000 })
const timings = fc.dictionary(name, fc.double({ min: 0, max: 1e6, noNaN: true }), { maxKeys: 3 })
const row = fc.dictionary(name, fc.oneof(nastyText, fc.constant(null)), { maxKeys: 4 })

const evidence: fc.Arbitrary<Readonly<Record<string, unknown>>> = fc.oneof(
  // zod drops a key `__proto__` on purpose.
  fc.dictionary(name, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 }).filter((value) => !JSON.stringify(value).includes('"__proto__"')),
  fc.record({ before: row, after: row }),
  fc.record({ rows: fc.array(row, { maxLength: 25 }) }),
  fc.record({
    rows: fc.record({
      attributes: fc.array(name, { maxLength: 30 }),
      rows: fc.array(fc.array(fc.option(nastyText), { maxLength: 4 }), { maxLength: 3 }),
    }),
  }),
  fc.record({
    differences: fc.array(
      fc.record({
        change: fc.constantFrom('missing', 'added', 'changed'),
        key: row,
        cells: fc.array(fc.record({ attribute: name, before: fc.option(nastyText), after: fc.option(nastyText) }), { maxLength: 3 }),
      }),
      { maxLength: 3 },
    ),
  }),
)

const invariantIds = ['applies', 'zero-loss', 'no-orphans', 'rollback-restores-state'] as const

export const finding: fc.Arbitrary<FindingResult> = fc.record({
  id: name,
  invariant: fc.oneof(fc.constantFrom(...invariantIds), name),
  kind: name,
  severity: fc.constantFrom('error', 'warning', 'info'),
  known: fc.constantFrom('observed', 'inferred', 'static'),
  relation: nullableName,
  attribute: nullableName,
  object: nullableName,
  file: nullableName,
  line: fc.option(count),
  cause: nullableName,
  waived: fc.option(fc.record({ owner: name, reason: nastyText, expires: name })),
  message: nastyText,
  evidence,
  counterexample: fc.option(fc.oneof(name, fc.constant('reports/x/counterexamples/y.sql'))),
  hint: fc.option(nastyText),
  preflight: fc.option(nastyText),
})

const invariant: fc.Arbitrary<InvariantResult> = fc.record({
  id: fc.oneof(fc.constantFrom(...invariantIds), name),
  verdict: fc.constantFrom('holds', 'violated', 'unknown', 'not-applicable'),
  because: nastyText,
  saw: fc.record({ relations: count, rows: count, cells: count, runs: count }),
  under: fc.array(nastyText, { maxLength: 3 }),
})

const lineage: fc.Arbitrary<LineageEntry> = fc.record(
  {
    from: name,
    to: fc.array(name, { maxLength: 3 }),
    transform: nastyText,
    fate: fc.constantFrom('kept', 'moved', 'altered', 'lost', 'discarded'),
    known: fc.constantFrom('observed', 'declared', 'digest'),
    because: nastyText,
  },
  { requiredKeys: ['from', 'to', 'transform', 'fate', 'known'] },
)

const claimState = fc.constantFrom('held' as const, 'refuted' as const, 'not-checked' as const)
const refutation = { state: claimState, because: nastyText, finding: name, counterexample: nastyText, accepted: nastyText }
const required: { requiredKeys: ('state' | 'because')[] } = { requiredKeys: ['state', 'because'] }

const ground: fc.Arbitrary<GroundResult> = fc
  .tuple(
    fc.record(refutation, required),
    fc.constantFrom('invariant' as const, 'measure' as const, 'metric' as const, 'spec' as const, 'benchmark' as const),
    name,
    fc.double({ min: 0.5, max: 100, noNaN: true }),
  )
  .map(([rest, on, of, most]) => ({ on, name: of, ...(on === 'benchmark' ? { budget: { most } } : {}), ...rest }))

const claim: fc.Arbitrary<ClaimResult> = fc
  .tuple(fc.record(refutation, required), fc.oneof(fc.constantFrom('SB-2', 'OLI-10'), name), nastyText, fc.array(ground, { maxLength: 3 }))
  .map(([rest, id, text, restsOn]) => ({ id, text, ...rest, restsOn }))

const plainMigration: fc.Arbitrary<MigrationResult> = fc.record({
  name,
  path: name,
  digest: name,
  cached: fc.boolean(),
  verdict: fc.constantFrom('holds', 'violated', 'unknown'),
  runs: count,
  rung: fc.constantFrom('transaction', 'clone', 'cluster'),
  rungBecause: nastyText,
  runAs: name,
  invariants: fc.array(invariant, { maxLength: 5 }),
  findings: fc.array(finding, { maxLength: 9 }),
  lineage: fc.array(lineage, { maxLength: 4 }),
  notChecked: fc.array(nastyText, { maxLength: 3 }),
  disagreements: fc.array(nastyText, { maxLength: 2 }),
  timings,
})

/** One migration, with the claims of its contract where it has any. */
export const migrationResult: fc.Arbitrary<MigrationResult> = fc
  .tuple(plainMigration, fc.array(claim, { maxLength: 4 }))
  .map(([{ lineage: entries, notChecked, disagreements, timings: took, ...plain }, claims]) => ({
    ...plain,
    // In the order of the schema, in which a saved result is read again.
    ...(claims.length === 0 ? {} : { claims }),
    lineage: entries,
    notChecked,
    disagreements,
    timings: took,
  }))

const source: fc.Arbitrary<SourceResult> = fc.record({
  path: name,
  format: name,
  steps: count,
  verified: count,
  cached: count,
  brokenAt: fc.option(fc.record({ migration: name, file: name, line: count, message: nastyText, hint: fc.option(nastyText) })),
  endToEnd: fc.option(fc.record({ steps: count, verdict: fc.constantFrom('holds', 'violated', 'unknown'), because: nastyText })),
  notes: fc.array(nastyText, { maxLength: 3 }),
})

const rule: fc.Arbitrary<Rule> = fc.record({
  severity: fc.constantFrom('error', 'warning', 'info'),
  title: nastyText,
  meaning: nastyText,
  remedy: nastyText,
})

const ownInvariants = fc.array(fc.record({ id: name, holds: nastyText, rules: fc.dictionary(name, rule, { maxKeys: 2 }) }), {
  maxLength: 2,
})

/** Any result at all, whether or not its parts agree with each other. */
export const verifyResult: fc.Arbitrary<VerifyResult> = withOwn(
  fc.record({
    version: fc.constant(1 as const),
    verdict: fc.constantFrom('holds', 'violated', 'unknown'),
    warnings: count,
    postgres: fc.record({ version: name, assumed: fc.boolean(), from: fc.constantFrom('embedded', 'container', 'url') }),
    seed: name,
    durationMs: fc.double({ min: 0, max: 1e7, noNaN: true }),
    timings,
    digest: fc.record({ files: name, config: name, rules: name, server: name }),
    sources: fc.array(source, { maxLength: 2 }),
    migrations: fc.array(migrationResult, { maxLength: 4 }),
  }),
)

function withOwn(plain: fc.Arbitrary<VerifyResult>): fc.Arbitrary<VerifyResult> {
  return fc.tuple(plain, ownInvariants).map(([result, own]) => (own.length === 0 ? result : { ...result, ownInvariants: own }))
}

/** A result to start an example from. */
export function exampleResult(migrations: readonly Partial<MigrationResult>[]): VerifyResult {
  return {
    version: 1,
    verdict: 'violated',
    warnings: 0,
    postgres: { version: '18.4', assumed: true, from: 'embedded' },
    seed: '7',
    durationMs: 3_210,
    timings: { cluster: 640 },
    digest: { files: 'aa', config: 'bb', rules: '1', server: 'cc' },
    sources: [],
    migrations: migrations.map((migration) => ({
      name: 'drop-notes',
      path: 'migrations/drop-notes',
      digest: 'dd',
      cached: false,
      verdict: 'violated',
      runs: 100,
      rung: 'transaction',
      rungBecause: '',
      runAs: 'godwit_owner',
      invariants: [
        {
          id: 'zero-loss',
          verdict: 'violated',
          because: 'cells are lost',
          saw: { relations: 1, rows: 16, cells: 48, runs: 100 },
          under: [],
        },
      ],
      findings: [exampleFinding({})],
      lineage: [],
      notChecked: [],
      disagreements: [],
      timings: { band: 12 },
      ...migration,
    })),
  }
}

/** A finding to start an example from. */
export function exampleFinding(part: Partial<FindingResult>): FindingResult {
  return {
    id: 'f1',
    invariant: 'zero-loss',
    kind: 'cell-lost',
    severity: 'error',
    known: 'observed',
    relation: 'public.items',
    attribute: 'notes',
    object: null,
    file: 'up.sql',
    line: 3,
    cause: null,
    waived: null,
    message: 'cells of "notes" are nowhere to be found afterwards',
    evidence: {},
    counterexample: 'reports/drop-notes/counterexamples/f1.sql',
    hint: null,
    preflight: null,
    ...part,
  }
}
