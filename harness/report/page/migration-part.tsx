import type { MigrationResult, VerifyResult } from '../../result/index.ts'
import { decisionOn } from '../decision.ts'
import { againLine, replayLine } from '../replay-line.ts'
import { commonReason, openFindings } from '../severity.ts'
import { isolationWords } from '../stage-words.ts'
import { counted, formatDuration } from '../visible-text.ts'
import { ChecksPart } from './checks-part.tsx'
import { ClaimsPart } from './claims-part.tsx'
import { FindingsPart } from './findings-part.tsx'
import { LineagePart } from './lineage-part.tsx'
import { LocksPart } from './locks-part.tsx'
import type { PageMigration } from './page-data.ts'
import { PerformancePart } from './performance-part.tsx'
import { SourcePart } from './source-part.tsx'
import { TimingsPart } from './timings-part.tsx'
import { VerdictMark } from './verdict-mark.tsx'
import { wayBack } from './way-back.ts'

interface MigrationProps {
  readonly page: PageMigration
  readonly run: VerifyResult
  /** Whether it is the only one: then nothing of it is folded. */
  readonly alone: boolean
}

/** One migration: what was found, where columns go, what was reached, whether one can go back. */
export function MigrationPart({ page, run, alone }: MigrationProps) {
  const { migration, anchor, quiet, full } = page
  const title = (
    <>
      <VerdictMark verdict={migration.verdict} /> <span class="name">{migration.name}</span>
    </>
  )
  const body = full ? <WholeMigration page={page} run={run} alone={alone} /> : <ShortMigration page={page} />
  return (
    <article class="step" id={anchor} data-step="" data-verdict={migration.verdict}>
      {alone ? (
        <>
          <h2 class="title">{title}</h2>
          {body}
        </>
      ) : (
        <details open={!quiet && full} data-print={quiet || !full ? 'closed' : 'open'}>
          <summary>
            <h3 class="title">{title}</h3> <span class="muted">{briefly(migration)}</span>
          </summary>
          {body}
        </details>
      )}
    </article>
  )
}

function briefly(migration: MigrationResult): string {
  const open = openFindings(migration)
  const of = (severity: 'error' | 'warning') => open.filter((finding) => finding.severity === severity).length
  const parts = [
    ...(of('error') > 0 ? [counted(of('error'), 'error')] : []),
    ...(of('warning') > 0 ? [counted(of('warning'), 'warning')] : []),
    ...(migration.notChecked.length > 0 ? [`${migration.notChecked.length} not checked`] : []),
    ...(migration.cached ? ['from the cache'] : []),
  ]
  return parts.join(', ')
}

function ShortMigration({ page: { migration, folder } }: { readonly page: PageMigration }) {
  return (
    <>
      <p>{decisionOn(migration).sentence}</p>
      {migration.notChecked.length > 0 && <List items={migration.notChecked} />}
      {folder !== undefined && (
        <p>
          <a href={reportLink(folder)}>The whole report of this migration</a>
        </p>
      )}
    </>
  )
}

function WholeMigration({ page, run, alone }: MigrationProps) {
  const { migration, folder } = page
  const Heading = alone ? 'h3' : 'h4'
  const replay = replayLine(migration)
  const isJudged = commonReason(migration) === undefined
  return (
    <>
      {!alone && <p class="sentence">{decisionOn(migration).sentence}</p>}
      <ClaimsPart page={page} heading={Heading} />
      {isJudged && <Judged page={page} heading={Heading} />}
      <Heading>Not checked</Heading>
      {migration.notChecked.length === 0 ? <p>Everything that applies was checked.</p> : <List items={migration.notChecked} />}
      {migration.disagreements.length > 0 && (
        <>
          <Heading>Godwit contradicts itself</Heading>
          <p>Seen inside a transaction and not confirmed on a clone. This is a fault of Godwit and is not counted:</p>
          <List items={migration.disagreements} />
        </>
      )}
      <TimingsPart migration={migration} run={run} alone={alone} heading={Heading} />
      <Heading>See it again</Heading>
      <ul class="commands">
        {replay !== null && (
          <li>
            The gravest counterexample alone: <code class="command">{replay}</code>
          </li>
        )}
        <li>
          The whole run: <code class="command">{againLine(migration, run)}</code>
        </li>
        {folder !== undefined && (
          <li>
            As Markdown: <a href={reportLink(folder)}>MIGRATION_TEST_RESULTS.md</a>
          </li>
        )}
      </ul>
      <p class="muted" hidden={migration.runAs === ''}>
        Tested as <code>{migration.runAs}</code>, isolated by {isolationWords(migration)}.{' '}
        {migration.cached && 'The verdict comes from the cache of an earlier run on the same files. '}
        {!migration.cached && Object.keys(migration.timings).length > 0 && !alone && <>Took {formatDuration(ownTime(migration))}.</>}
      </p>
    </>
  )
}

/** What checks have shown; there is nothing to say of a migration that no check was made of. */
function Judged({ page, heading: Heading }: { readonly page: PageMigration; readonly heading: 'h3' | 'h4' }) {
  return (
    <>
      <FindingsPart page={page} heading={Heading} />
      <Heading>Can we go back?</Heading>
      <p>{wayBack(page.migration)}</p>
      <LineagePart page={page} heading={Heading} />
      <SourcePart page={page} heading={Heading} />
      <LocksPart page={page} heading={Heading} />
      <PerformancePart page={page} heading={Heading} />
      <ChecksPart invariants={page.migration.invariants} heading={Heading} />
    </>
  )
}

function ownTime({ timings }: MigrationResult): number {
  return Object.values(timings).reduce((sum, ms) => sum + ms, 0)
}

/** Folder names are safe for a file system, and percent-encoded for a link. */
export function reportLink(folder: string): string {
  return `${encodeURIComponent(folder)}/MIGRATION_TEST_RESULTS.md`
}

function List({ items }: { readonly items: readonly string[] }) {
  return (
    <ul>
      {items.map((item, index) => (
        <li key={index}>{item}</li>
      ))}
    </ul>
  )
}
