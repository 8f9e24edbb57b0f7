import { judgeBenchmark } from '../../result/index.ts'
import type { StatementTimed } from './model.ts'

type Ruling = Pick<ReturnType<typeof judgeBenchmark>, 'state' | 'because'>

/** What the measurements of a statement say together: it is found slower only where each of them finds that. */
export function rulingOf({ most, measured }: Pick<StatementTimed, 'most' | 'measured'>): Ruling {
  const rulings = measured.map((each) => judgeBenchmark({ most }, each))
  const differing = rulings.find(({ state }) => state !== 'refuted')
  const [first] = rulings
  if (first === undefined) return { state: 'not-checked', because: 'It was not measured.' }
  if (first.state !== 'refuted' || differing === undefined) return first
  return { state: 'not-checked', because: `Too noisy to tell: a second measurement did not show it. ${differing.because}` }
}

/** ` (prepared, as anon)`; empty for a statement of the role that runs migrations, planned each time. */
export function howSent({ sent, role }: Pick<StatementTimed, 'sent' | 'role'>): string {
  const how = [...(sent === 'prepared' ? ['prepared'] : []), ...(role === undefined ? [] : [`as ${role}`])]
  return how.length === 0 ? '' : ` (${how.join(', ')})`
}
