import type { PageInput } from '../../../harness/report/page/page-data.ts'
import { reportFolders } from '../../../harness/report/report-folder.ts'
import type { MigrationResult, TargetResult, VerifyResult } from '../../../harness/result/index.ts'
import { exampleFinding, exampleResult } from '../result/result-arbitrary.ts'

const tags = new Set(
  `html head meta link title style script body header main footer section article search form fieldset legend label input button output
  div span p a ul ol li dl dt dd h1 h2 h3 h4 strong em code pre table caption thead tbody tr th td details summary figure figcaption
  svg g path rect text title`.split(/\s+/),
)
const attributes = new Set(
  `lang charset http-equiv content name rel href class id title for type value checked placeholder autocomplete open hidden scope role
  aria-hidden aria-label aria-labelledby aria-live aria-keyshortcuts data-of data-step data-verdict data-print
  viewBox width height x y d dy stroke-width text-anchor preserveAspectRatio`.split(/\s+/),
)
/** A place in the page, one of its other files, or a percent-encoded path below the page. */
const ownLink =
  /^(#[a-z0-9-]+|data:,|index\.md|(results\.json|junit\.xml|godwit\.sarif|pull-request\.md)|[\w.~!*'()%-]+\/(MIGRATION_TEST_RESULTS\.md|counterexamples\/[\w.-]+\.sql))$/

/** An element of a page, as a browser would make it. */
export interface PageElement {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
}

/** What a page is made of: its elements, and its text with entities decoded. */
export interface ParsedPage {
  readonly elements: readonly PageElement[]
  readonly text: string
}

/**
 * Read a page by a grammar stricter than that of HTML: each `<` begins a tag, each attribute value stands between double quotes.
 *
 * @throws {Error} At the first `<` that begins no such tag.
 */
export function parsePage(html: string): ParsedPage {
  const raw = /^(?:<style>[^<]*<\/style>|<script>[\s\S]*?<\/script>)/
  const tag = /^<\/?([a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z-]+(?:="[^"]*")?)*)\s*\/?>/
  const elements: PageElement[] = []
  let text = ''
  for (let at = html.startsWith('<!doctype html>') ? '<!doctype html>'.length : 0; at < html.length; ) {
    const next = html.indexOf('<', at)
    text += html.slice(at, next < 0 ? html.length : next)
    if (next < 0) break
    const rest = html.slice(next, next + 40_000)
    const block = raw.exec(rest)
    const found = tag.exec(rest)
    if (found === null) throw new Error(`no tag at: ${rest.slice(0, 80)}`)
    const [whole, name = '', attributes = ''] = found
    if (!whole.startsWith('</')) elements.push({ name, attributes: attributesOf(attributes) })
    at = next + (block?.[0].length ?? whole.length)
  }
  return { elements, text: decoded(text) }
}

/** What of a page is not ours: elements, attributes and links that data has become, and ids that are there twice. */
export function foreignMarkup(html: string): readonly string[] {
  const { elements } = parsePage(html)
  const links = elements.flatMap((element) => element.attributes.get('href') ?? [])
  const ids = elements.flatMap((element) => element.attributes.get('id') ?? [])
  return [
    ...elements.filter(({ name }) => !tags.has(name)).map(({ name }) => name),
    ...elements.flatMap((element) => [...element.attributes.keys()]).filter((name) => !attributes.has(name)),
    ...links.filter((link) => !ownLink.test(link)),
    ...ids.filter((id, index) => ids.indexOf(id) !== index),
  ]
}

function attributesOf(text: string): ReadonlyMap<string, string> {
  return new Map([...text.matchAll(/\s+([a-zA-Z-]+)(?:="([^"]*)")?/g)].map(([, name = '', value = '']) => [name, decoded(value)]))
}

function decoded(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&')
}

/** As reports on disk have them. */
function foldersOf({ migrations }: VerifyResult): readonly (string | undefined)[] {
  const folders = reportFolders(migrations)
  return migrations.map((migration) => folders.get(migration))
}

/** A page of one result, with nothing beside it. */
export function pageInput(result: VerifyResult, more: Partial<PageInput> = {}): PageInput {
  return { result, folders: foldersOf(result), sources: new Map(), runs: [], ...more }
}

/** What names and values try that want to become markup. */
export const attacks = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '" onfocus="alert(1)" autofocus="',
  '</style><style>*{display:none}</style>',
  '</script><script>alert(1)</script>',
  '</title><base href="//evil.example/">',
  '<!--',
  '-->',
  '<![CDATA[',
  ']]>',
  'javascript:alert(1)',
  '<svg onload=alert(1)>',
  '</text></svg><iframe srcdoc="x">',
  '&lt;script&gt;',
  '&#60;script&#62;',
  '<a href="data:text/html,x">',
  '<x-evil onclick=1>',
  '\u202e<b>',
  '\u0000<i>',
] as const

/** A result in which every name and value is one of these texts, each used in turn. */
export function hostileInput(texts: readonly string[]): PageInput {
  let at = 0
  const next = () => texts[at++ % texts.length] ?? ''
  const files = Array.from({ length: 3 }, next)
  const migrations = Array.from({ length: 6 }, () => hostileMigration(next, files))
  const [first] = exampleResult([]).sources
  const result: VerifyResult = {
    ...exampleResult(migrations),
    seed: next(),
    since: next(),
    postgres: { version: next(), assumed: true, from: 'url' },
    digest: { files: next(), config: next(), rules: next(), server: next() },
    sources: [
      {
        ...first,
        path: next(),
        format: next(),
        steps: 3,
        verified: 3,
        cached: 1,
        brokenAt: { migration: next(), file: next(), line: 3, message: next(), hint: next() },
        endToEnd: { steps: 3, verdict: 'violated', because: next() },
        notes: [next(), next()],
      },
    ],
  }
  const run = { of: [next()], files: next(), rules: next(), server: next(), verdict: 'violated' as const, migrations: 1, errors: 2 }
  return {
    result,
    folders: foldersOf(result),
    sources: new Map(files.map((file) => [file, { path: file, text: Array.from({ length: 20 }, next).join('\n') }])),
    runs: Array.from({ length: 3 }, () => ({ ...run, date: next(), warnings: 1, coverage: null, durationMs: 7 })),
  }
}

function hostileMigration(next: () => string, files: readonly string[]): Partial<MigrationResult> {
  const row = () => ({ [next()]: next(), [next()]: next(), plain: null })
  const [file = '', other = ''] = files
  const evidences = [
    { statement: next(), [next()]: next() },
    { before: row(), after: row() },
    { legacy: next(), migrated: next(), examples: [row(), row()] },
    { rows: { attributes: [next(), next()], rows: [[next(), next()]] } },
    { differences: [{ change: 'changed', key: row(), cells: [{ attribute: next(), before: next(), after: next() }] }] },
    { [next()]: { deep: { er: next() } } },
  ]
  const findings = evidences.map((evidence, index) =>
    exampleFinding({
      id: `f${index}`,
      invariant: index % 2 === 0 ? 'zero-loss' : next(),
      kind: next(),
      severity: (['error', 'warning', 'info'] as const)[index % 3] ?? 'error',
      relation: next(),
      attribute: next(),
      object: next(),
      file: index % 2 === 0 ? file : other,
      line: index + 1,
      cause: index === 4 ? 'f0' : null,
      waived: index === 5 ? { owner: next(), reason: next(), expires: next() } : null,
      message: next(),
      evidence,
      counterexample: next(),
      hint: next(),
    }),
  )
  const target = (outcome: string): TargetResult => ({
    direction: 'up',
    file,
    line: 2,
    kind: next(),
    text: next(),
    outcome,
    state: 'left',
    run: null,
    because: next(),
  })
  return {
    name: next(),
    path: next(),
    runAs: next(),
    rungBecause: next(),
    findings,
    lineage: [
      ...(['kept', 'moved', 'altered'] as const).map((fate) => ({
        from: next(),
        to: [next(), next()],
        transform: next(),
        fate,
        known: 'observed' as const,
        because: next(),
      })),
      { from: next(), to: [], transform: next(), fate: 'lost' as const, known: 'observed' as const },
    ],
    coverage: { reached: 0, feasible: 2, infeasible: 0, unmeasured: 0, wanted: null, targets: [target(next()), target(next())] },
    notChecked: [next(), next()],
    disagreements: [next()],
    timings: { [next()]: 3, [next()]: 4 },
    claims: [{ id: next(), text: next(), state: 'refuted', because: next(), finding: 'f0', accepted: next(), restsOn: [] }],
  }
}

/** A history of so many steps, of which every tenth is violated and every seventh unknown. */
export function longHistory(steps: number): VerifyResult {
  const migrations = Array.from({ length: steps }, (_, index): Partial<MigrationResult> => {
    const name = `${String(index + 1).padStart(4, '0')}_step.sql`
    const verdict = index % 10 === 9 ? 'violated' : index % 7 === 6 ? 'unknown' : 'holds'
    const columns = Array.from({ length: 8 }, (_, column) => `public.table_${index}.column_${column}`)
    return {
      name,
      path: 'migrations',
      verdict,
      findings: verdict === 'violated' ? [exampleFinding({ id: `f${index}`, relation: `public.table_${index}` })] : [],
      lineage: columns.map((from) => ({ from, to: [`${from}_new`], transform: 'identical', fate: 'moved', known: 'observed' })),
    }
  })
  return { ...exampleResult(migrations), sources: [] }
}
