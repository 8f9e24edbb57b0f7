import { counted } from '../visible-text.ts'
import type { PageData } from './page-data.ts'
import { markOf, wordOf } from './verdict-mark.tsx'

const verdicts = ['violated', 'unknown', 'holds'] as const

/** Many migrations: a strip of steps in their order, and a filter. The filter needs the script, and is hidden without it. */
export function StepsPart({ data }: { readonly data: PageData }) {
  const of = (verdict: string) => data.migrations.filter(({ migration }) => migration.verdict === verdict).length
  return (
    <section aria-labelledby="steps-title">
      <h2 id="steps-title">{counted(data.migrations.length, 'migration')}</h2>
      <ol class="strip" aria-label="Steps in their order">
        {data.migrations.map(({ migration, anchor }) => (
          <li key={anchor} data-of={anchor}>
            <a class={migration.verdict} href={`#${anchor}`} title={`${migration.name}: ${wordOf(migration.verdict)}`}>
              <span aria-hidden="true">{markOf(migration.verdict)}</span>
              <span class="unseen">
                {migration.name}: {wordOf(migration.verdict)}
              </span>
            </a>
          </li>
        ))}
      </ol>
      <search>
        <form id="filter" hidden>
          <label>
            Search <input id="search" type="search" autocomplete="off" aria-keyshortcuts="/" placeholder="name, table, message" />
          </label>
          <fieldset>
            <legend class="unseen">Show migrations that</legend>
            {verdicts.map((verdict) => (
              <label key={verdict}>
                <input type="checkbox" name="verdict" value={verdict} checked /> {markOf(verdict)} {wordOf(verdict)} ({of(verdict)})
              </label>
            ))}
          </fieldset>
          <button type="button" id="open-all">
            Open all
          </button>
          <button type="button" id="close-all">
            Close all
          </button>
          <output id="shown" for="search" aria-live="polite" />
        </form>
      </search>
    </section>
  )
}
