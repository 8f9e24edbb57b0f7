import { isFunction } from '../coverage-text.ts'
import { coverageText } from './coverage-words.ts'
import { findingAnchor, type PageMigration, shortPlace } from './page-data.ts'
import { type MarkedLine, type MarkedTarget, markFile, targetsAt } from './source-marks.ts'

/** The migration's own text: at each condition what test rows made of it, at each finding a link. */
export function SourcePart({ page, heading: Heading }: { readonly page: PageMigration; readonly heading: 'h3' | 'h4' }) {
  const files = page.files.map((file) => markFile(file, page))
  const { coverage } = page.migration
  if (files.length === 0 && coverage === undefined) return null
  return (
    <>
      <Heading>What the test rows reached</Heading>
      <p>
        {coverage === undefined || coverage.targets.length === 0
          ? 'No condition in it depends on the rows, or none was measured.'
          : `${coverageText(coverage)}.`}
      </p>
      {files.map(({ path, lines, hidden }) => (
        <details key={path} open={lines.some(({ targets }) => targets.length > 0)}>
          <summary>
            <code>{shortPlace(path, page.migration)}</code>, with each condition as reached or not
          </summary>
          <ol class="source">
            {lines.map((each) => (
              <SourceLine key={each.number} line={each} page={page} />
            ))}
          </ol>
          {hidden > 0 && <p class="muted">{hidden} lines without a condition or finding are not shown.</p>}
        </details>
      ))}
      <InFunctions page={page} />
    </>
  )
}

function SourceLine({ line: { number, text, targets, findings }, page }: { readonly line: MarkedLine; readonly page: PageMigration }) {
  return (
    <li value={number}>
      <code>{text === '' ? ' ' : text}</code>
      {targets.map((target, index) => (
        <TargetMark key={index} target={target} />
      ))}
      {findings.length > 0 && (
        <span class="note">
          {findings.map((finding, index) => (
            <span key={index}>
              {index > 0 && ', '}
              <a href={`#${findingAnchor(page, finding)}`}>
                {finding.severity}: {finding.attribute ?? finding.relation ?? finding.invariant}
              </a>
            </span>
          ))}
        </span>
      )}
    </li>
  )
}

const signs = { reached: '✓', left: '✗', infeasible: '–', unmeasured: '?' } as const
const words = { reached: 'reached', left: 'not reached', infeasible: 'cannot occur', unmeasured: 'not measured' } as const

function TargetMark({ target: { text, outcomes } }: { readonly target: MarkedTarget }) {
  return (
    <span class="note">
      <code>{text}</code>{' '}
      {(['left', 'reached', 'infeasible', 'unmeasured'] as const).map((state) => {
        const of = outcomes.filter((outcome) => outcome.state === state)
        if (of.length === 0) return null
        const told = of.map(({ outcome, because }) => (because === null ? outcome : `${outcome} (${because})`))
        return (
          <span key={state} class={`target ${state}`}>
            <span aria-hidden="true">{signs[state]}</span> {words[state]}: {told.join(', ')}{' '}
          </span>
        )
      })}
    </span>
  )
}

/** Conditions in functions of the database have no file to stand in. */
function InFunctions({ page }: { readonly page: PageMigration }) {
  const targets = page.migration.coverage?.targets ?? []
  const shown = new Set(page.files.map(({ path }) => path))
  const others = [...new Set(targets.map(({ file }) => file))].filter((file) => isFunction(file) || !shown.has(file))
  if (others.length === 0) return null
  return (
    <>
      {others.map((file) => (
        <details key={file}>
          <summary>
            Conditions in <code>{file}</code>
          </summary>
          <ul>
            {targetsAt(targets.filter((target) => target.file === file)).map((target, index) => (
              <li key={index}>
                <TargetMark target={target} />
              </li>
            ))}
          </ul>
        </details>
      ))}
    </>
  )
}
