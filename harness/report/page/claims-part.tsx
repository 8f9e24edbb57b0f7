import type { ClaimResult } from '../../result/index.ts'
import { findingAnchor, type PageMigration } from './page-data.ts'
import { Scroll } from './scroll.tsx'
import { VerdictMark } from './verdict-mark.tsx'

const verdicts = { held: 'holds', refuted: 'violated', 'not-checked': 'unknown' } as const
const order = { refuted: 0, 'not-checked': 1, held: 2 } as const
const words = { held: 'held', refuted: 'refuted', 'not-checked': 'not checked' } as const

/** What the plan promises, and what became of it: refuted first. */
export function ClaimsPart({ page, heading: Heading }: { readonly page: PageMigration; readonly heading: 'h3' | 'h4' }) {
  if (page.claims.length === 0) return null
  const of = (state: ClaimResult['state']) => page.claims.filter((claim) => claim.state === state).length
  return (
    <>
      <Heading>Claims of the plan</Heading>
      <p>
        {of('refuted')} refuted, {of('not-checked')} not checked, {of('held')} held.
      </p>
      <Scroll label="Claims">
        <table class="told">
          <thead>
            <tr>
              <th scope="col">claim</th>
              <th scope="col">promise</th>
              <th scope="col">state</th>
              <th scope="col">why</th>
            </tr>
          </thead>
          <tbody>
            {page.claims
              .toSorted((left, right) => order[left.state] - order[right.state])
              .map((claim, index) => (
                <tr key={index}>
                  <th scope="row">{claim.id}</th>
                  <td>{claim.text}</td>
                  <td>
                    <VerdictMark verdict={verdicts[claim.state]} word={words[claim.state]} />
                  </td>
                  <td>
                    {claim.because} <Refutation page={page} claim={claim} />
                    {claim.accepted !== undefined && ` Accepted: ${claim.accepted}`}
                  </td>
                </tr>
              ))}
          </tbody>
        </table>
      </Scroll>
    </>
  )
}

function Refutation({ page, claim }: { readonly page: PageMigration; readonly claim: ClaimResult }) {
  const finding = page.migration.findings.find(({ id }) => id === claim.finding)
  return finding === undefined ? null : <a href={`#${findingAnchor(page, finding)}`}>the finding</a>
}
