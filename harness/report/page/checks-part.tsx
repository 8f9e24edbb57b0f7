import type { InvariantResult } from '../../result/index.ts'
import { counted } from '../visible-text.ts'
import { Scroll } from './scroll.tsx'
import { VerdictMark } from './verdict-mark.tsx'
import { withoutIds } from './way-back.ts'

const order = { violated: 0, unknown: 1, holds: 2, 'not-applicable': 3 } as const

/** Each check with its result and what it was tested on, failed ones first. */
export function ChecksPart({
  invariants,
  heading: Heading,
}: {
  readonly invariants: readonly InvariantResult[]
  readonly heading: 'h3' | 'h4'
}) {
  if (invariants.length === 0) return null
  const limited = invariants.filter(({ under }) => under.length > 0)
  const common = (limited[0]?.under ?? []).filter((each) => limited.every(({ under }) => under.includes(each)))
  const others = invariants.filter(({ verdict }) => verdict === 'not-applicable')
  const sorted = invariants
    .filter(({ verdict }) => verdict !== 'not-applicable')
    .toSorted((left, right) => order[left.verdict] - order[right.verdict])
  return (
    <>
      <Heading>Checks</Heading>
      {common.length > 0 && (
        <p>
          The migration fails on some rows. The checks after that were made only on rows where:{' '}
          {common.map((exclusion, index) => (
            <span key={index}>
              {index > 0 && ', '}
              <code>{exclusion}</code>
            </span>
          ))}
          .
        </p>
      )}
      <Scroll label="Checks">
        <table class="told">
          <thead>
            <tr>
              <th scope="col">check</th>
              <th scope="col">result</th>
              <th scope="col">tested on</th>
              <th scope="col">why</th>
            </tr>
          </thead>
          <tbody>
            {sorted.map((invariant, index) => (
              <tr key={index}>
                <th scope="row">
                  <code>{invariant.id}</code>
                </th>
                <td>
                  <VerdictMark verdict={invariant.verdict} />
                </td>
                <td>{testedOn(invariant)}</td>
                <td>
                  {withoutIds(invariant.because)}
                  {invariant.under
                    .filter((each) => !common.includes(each))
                    .map((exclusion, index) => (
                      <span key={index} class="where under">
                        tested only where <code>{exclusion}</code>
                      </span>
                    ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {others.length > 0 && (
        <details data-print="closed">
          <summary>{others.length === 1 ? '1 check does not apply' : `${others.length} checks do not apply`}</summary>
          <ul>
            {others.map(({ id, because }, index) => (
              <li key={index}>
                <code>{id}</code>: {because}
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  )
}

/** `1,202 rows of 5 tables in 80 runs`. */
function testedOn({ saw: { relations, rows, runs } }: InvariantResult): string {
  const what = [...(rows > 0 ? [counted(rows, 'row')] : []), ...(relations > 0 ? [counted(relations, 'table')] : [])].join(' of ')
  return what === '' ? counted(runs, 'run') : `${what} in ${counted(runs, 'run')}`
}
