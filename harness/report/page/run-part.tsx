import type { InvariantResult, SourceResult } from '../../result/index.ts'
import type { Decision } from '../decision.ts'
import { counted, formatDuration } from '../visible-text.ts'
import { coverageText } from './coverage-words.ts'
import type { PageData } from './page-data.ts'
import { type ToDo, toDoNow } from './to-do.ts'
import { VerdictMark } from './verdict-mark.tsx'

const signs = { release: '✓', 'do not release': '✗', 'not enough evidence': '?' } as const
const classes = { release: 'holds', 'do not release': 'violated', 'not enough evidence': 'unknown' } as const
const shownToDo = 7
const shownSubjects = 6

/** The run as a whole: the decision, how sure it is, and what to do now. */
export function RunPart({ data, decision }: { readonly data: PageData; readonly decision: Decision }) {
  const { sources, migrations } = data.result
  const of = sources.length === 0 ? migrations.map(({ path }) => path) : sources.map(({ path }) => path)
  return (
    <header>
      <p class="brand">
        <strong>Godwit</strong> {of.length <= 3 ? of.join(', ') : `${of.slice(0, 3).join(', ')} and ${of.length - 3} more`}
      </p>
      <h1 class={`decision ${classes[decision.decision]}`}>
        <span class="sign" aria-hidden="true">
          {signs[decision.decision]}
        </span>{' '}
        {decision.sentence}
      </h1>
      <div class="columns">
        <ToDoNow data={data} />
        <HowSure data={data} />
      </div>
    </header>
  )
}

function ToDoNow({ data }: { readonly data: PageData }) {
  const all = toDoNow(data)
  return (
    <section aria-labelledby="to-do">
      <h2 id="to-do">What to do now</h2>
      {all.length === 0 ? <NothingToMend data={data} /> : <ToDoList data={data} all={all} />}
    </section>
  )
}

function NothingToMend({ data }: { readonly data: PageData }) {
  const unknown = data.migrations.filter(({ migration }) => migration.verdict === 'unknown')
  return unknown.length === 0 ? (
    <p>Nothing has to be corrected. Read below what was not checked.</p>
  ) : (
    <p>Nothing was found to correct, and {counted(unknown.length, 'migration')} could not be judged in full: see the reasons below.</p>
  )
}

function ToDoList({ data, all }: { readonly data: PageData; readonly all: readonly ToDo[] }) {
  const many = data.migrations.length > 1
  return (
    <>
      <ol class="to-do">
        {all.slice(0, shownToDo).map(({ page, hint, place, of, severity }) => (
          <li key={of[0]?.anchor}>
            {severity === 'warning' && <span class="severity warning">warning</span>} {hint}
            <span class="where">
              {many && <>{page.migration.name} </>}
              {place !== undefined && <code>{place}</code>}{' '}
              {of.slice(0, shownSubjects).map(({ anchor, subject }, index) => (
                <>
                  {index > 0 && ', '}
                  <a href={`#${page.full ? anchor : page.anchor}`}>{subject}</a>
                </>
              ))}
              {of.length > shownSubjects && ` and ${of.length - shownSubjects} more`}
            </span>
          </li>
        ))}
      </ol>
      {all.length > shownToDo && <p class="muted">And {all.length - shownToDo} more: see the findings below.</p>}
    </>
  )
}

function HowSure({ data: { result } }: { readonly data: PageData }) {
  const { postgres, coverage, migrations, digest } = result
  const runs = migrations.reduce((sum, migration) => sum + migration.runs, 0)
  const largest = (of: (saw: InvariantResult['saw']) => number) =>
    migrations.reduce((sum, { invariants }) => sum + Math.max(0, ...invariants.map(({ saw }) => of(saw))), 0)
  const from = { embedded: 'started for this run', container: 'in a container', url: 'your own server' }[postgres.from]
  return (
    <section aria-labelledby="how-sure">
      <h2 id="how-sure">How sure, and on what</h2>
      <dl>
        <Fact name="Checks">
          <CheckCounts verdicts={migrations.flatMap(({ invariants }) => invariants.map(({ verdict }) => verdict))} />
        </Fact>
        <Fact name="Tested on">
          {counted(runs, 'generated data set')},{' '}
          {counted(
            largest(({ rows }) => rows),
            'row',
          )}
        </Fact>
        <Fact name="Coverage">
          {coverage === undefined || coverage.feasible === 0
            ? 'no condition depends on the rows, or none was measured'
            : coverageText(coverage)}
        </Fact>
        <Fact name="Server">
          PostgreSQL {postgres.version}, {from}
          {postgres.assumed && ' (the newest, because no version was asked for)'}
        </Fact>
        <Fact name="Took">{formatDuration(result.durationMs)}</Fact>
        <Fact name="Seed">
          <code>{result.seed}</code>
        </Fact>
        {result.since !== undefined && <Fact name="Only what is new since">{result.since}</Fact>}
      </dl>
      <details>
        <summary>Valid only for these files and versions</summary>
        <dl>
          {Object.entries(digest).map(([name, value]) => (
            <Fact key={name} name={name}>
              <code>{value}</code>
            </Fact>
          ))}
        </dl>
      </details>
    </section>
  )
}

function CheckCounts({ verdicts }: { readonly verdicts: readonly InvariantResult['verdict'][] }) {
  const shown = (['violated', 'unknown', 'holds', 'not-applicable'] as const).map((verdict) => ({
    verdict,
    count: verdicts.filter((each) => each === verdict).length,
  }))
  const some = shown.filter(({ count }) => count > 0)
  return some.length === 0 ? (
    <>none was made</>
  ) : (
    some.map(({ verdict, count }) => (
      <span key={verdict} class="count">
        {count} <VerdictMark verdict={verdict} />{' '}
      </span>
    ))
  )
}

/** A name and what it has, in a list of definitions. */
export function Fact({ name, children }: { readonly name: string; readonly children?: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

/** The folders that were read: how far a history went, whether all of it can be taken back, what was put in place for it. */
export function FolderPart({ data }: { readonly data: PageData }) {
  const told = data.result.sources.filter(
    ({ brokenAt, endToEnd, notes, format }) => brokenAt !== null || endToEnd !== null || notes.length > 0 || format !== 'pair',
  )
  if (told.length === 0) return null
  return (
    <section aria-labelledby="folders">
      <h2 id="folders">What was read</h2>
      {told.map((source, index) => (
        <Folder key={index} source={source} />
      ))}
    </section>
  )
}

function Folder({ source: { path, format, steps, verified, cached, brokenAt, endToEnd, notes } }: { readonly source: SourceResult }) {
  return (
    <>
      <p>
        <code>{path}</code> ({format}): {counted(steps, 'step')}, {verified} verified{cached > 0 && `, ${cached} from the cache`}.
      </p>
      <ul>
        {brokenAt !== null && (
          <li>
            <VerdictMark verdict="violated" /> <code>{brokenAt.migration}</code> does not apply to an empty database (
            <code>
              {brokenAt.file}:{brokenAt.line}
            </code>
            ): {brokenAt.message} {brokenAt.hint}
          </li>
        )}
        {endToEnd !== null && (
          <li>
            <VerdictMark verdict={endToEnd.verdict} /> All {endToEnd.steps} down migrations, in reverse order from the end of the history
            {endToEnd.because === '' ? ', lead back.' : `: ${endToEnd.because}`}
          </li>
        )}
        {notes.map((note, index) => (
          <li key={index}>{note}</li>
        ))}
      </ul>
    </>
  )
}
