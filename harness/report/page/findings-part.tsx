import type { FindingResult } from '../../result/index.ts'
import { type FindingNode, findingTree } from '../finding-tree.ts'
import { replayCommand } from '../replay-line.ts'
import { placeOf } from '../severity.ts'
import { counted } from '../visible-text.ts'
import { EvidencePart } from './evidence-part.tsx'
import { findingAnchor, type PageMigration, shortPlace } from './page-data.ts'

/** So many findings are shown in full; the others are counted. */
const mostShown = 40
const mostFollowing = 40
const mostStatementLines = 14

/** What was found, the gravest first; what follows from a finding is folded under it. */
export function FindingsPart({ page, heading: Heading }: { readonly page: PageMigration; readonly heading: 'h3' | 'h4' }) {
  const tree = findingTree(page.migration.findings)
  const open = tree.filter(({ finding }) => finding.waived === null && finding.severity !== 'info')
  const info = tree.filter(({ finding }) => finding.waived === null && finding.severity === 'info')
  const waived = tree.filter(({ finding }) => finding.waived !== null)
  return (
    <>
      <Heading>Findings</Heading>
      {open.length === 0 && <p>Nothing was found that speaks against it.</p>}
      {open.slice(0, mostShown).map((node, index) => (
        <FindingView key={findingAnchor(page, node.finding)} page={page} node={node} above={open[index - 1]?.finding} />
      ))}
      {open.length > mostShown && <p>{open.length - mostShown} more findings are in results.json.</p>}
      <Folded title="for information" nodes={info} page={page} />
      <Folded title="waived" nodes={waived} page={page} />
    </>
  )
}

function Folded(props: { readonly title: string; readonly nodes: readonly FindingNode[]; readonly page: PageMigration }) {
  const { title, nodes, page } = props
  if (nodes.length === 0) return null
  return (
    <details>
      <summary>
        {counted(nodes.length, 'finding')} {title}
      </summary>
      {nodes.slice(0, mostShown).map((node) => (
        <FindingView key={findingAnchor(page, node.finding)} page={page} node={node} />
      ))}
      {nodes.length > mostShown && <p>{nodes.length - mostShown} more are in results.json.</p>}
    </details>
  )
}

function FindingView(props: {
  readonly page: PageMigration
  readonly node: FindingNode
  /** The finding shown just above. */
  readonly above?: FindingResult | undefined
}) {
  const { page, node, above } = props
  const { finding, following } = node
  const { hint, preflight, waived } = finding
  return (
    <section class={`finding ${finding.severity}`} id={findingAnchor(page, finding)}>
      <p class="message">
        <SeverityMark severity={finding.severity} /> {finding.message}
      </p>
      {waived !== null && (
        <p>
          Accepted by {waived.owner} {waived.expires === null ? 'until its files change' : `until ${waived.expires}`}: {waived.reason}
        </p>
      )}
      <Statement page={page} finding={finding} isAbove={above !== undefined && isSameStatement(above, finding)} />
      {hint !== null && (
        <p class="hint">
          <strong>What to do:</strong> {hint}
        </p>
      )}
      {preflight !== null && (
        <div class="preflight">
          <p>How many rows of your database are concerned:</p>
          <pre>
            <code>{preflight}</code>
          </pre>
        </div>
      )}
      <EvidencePart finding={finding} />
      <Counterexample page={page} finding={finding} />
      {following.length > 0 && (
        <details>
          <summary>
            {following.length === 1 ? '1 more finding follows from it' : `${following.length} more findings follow from it`}
          </summary>
          {following.slice(0, mostFollowing).map((each) => (
            <FindingView key={findingAnchor(page, each)} page={page} node={{ finding: each, following: [] }} />
          ))}
          {following.length > mostFollowing && <p>{following.length - mostFollowing} more are in results.json.</p>}
        </details>
      )}
    </section>
  )
}

function SeverityMark({ severity }: { readonly severity: FindingResult['severity'] }) {
  const word = { error: '✗ error', warning: '! warning', info: 'i information' }[severity]
  return <span class={`severity ${severity}`}>{word}</span>
}

/** Where it is: the statement, or the line of the file. */
function Statement(props: { readonly page: PageMigration; readonly finding: FindingResult; readonly isAbove: boolean }) {
  const { page, finding, isAbove } = props
  const place = placeOf(finding)
  const { statement } = finding.evidence
  const line = finding.line ?? 1
  const ofFile = page.files.find(({ path }) => path === finding.file)?.lines[line - 1]
  // Line feeds are shown as pictures in all that comes from data; here they break lines again.
  const lines = typeof statement === 'string' ? statement.split(/␍?␊/) : ofFile === undefined ? [] : [ofFile.trim()]
  const shown = lines.slice(0, mostStatementLines)
  return (
    <>
      <p class="where">
        {place !== null && <code>{shortPlace(place, page.migration)}</code>} {finding.invariant}, {finding.kind}
        {finding.known === 'observed'
          ? ''
          : finding.known === 'static'
            ? ', read from the text and not seen in a run'
            : ', concluded and not seen in a run'}
        {isAbove && ', the same statement as above'}
      </p>
      {!isAbove && shown.length > 0 && (
        <pre>
          <code>
            {shown.join('\n')}
            {lines.length > shown.length && `\n… ${counted(lines.length - shown.length, 'more line')}`}
          </code>
        </pre>
      )}
    </>
  )
}

/** Findings in one statement show it once. */
function isSameStatement(above: FindingResult, finding: FindingResult): boolean {
  return above.file === finding.file && above.line === finding.line && above.evidence.statement === finding.evidence.statement
}

/** Only a path of the form that Godwit writes becomes a link, and it lies in the migration's folder. */
function Counterexample({ page, finding }: { readonly page: PageMigration; readonly finding: FindingResult }) {
  const path = finding.counterexample
  if (path === null) return null
  const file = /[\\/]counterexamples[\\/]([\w.-]+\.sql)$/.exec(path)?.[1]
  return (
    <p class="where">
      Counterexample:{' '}
      {file === undefined || page.folder === undefined ? (
        <code>{path}</code>
      ) : (
        <a href={`${encodeURIComponent(page.folder)}/counterexamples/${encodeURIComponent(file)}`}>{file}</a>
      )}
      , or <code class="command">{replayCommand(path)}</code>
    </p>
  )
}
