import { type Dataset, findShapes, type SeedReport } from '../data/index.ts'
import { shownName } from '../postgres/index.ts'
import { triesEach } from '../run/index.ts'
import type { Inquiry } from './inquiry.ts'

/**
 * Where a trigger, a generated attribute or the expression of an index refuses all rows of a relation, find the texts that it lets in, and
 * draw such from here on.
 *
 * @param seed  How a database was filled with the data set.
 * @returns Whether some were found: the subject is another then, and other rows are drawn.
 */
export async function learnShapes(inquiry: Inquiry, { bypassed, unfilled }: SeedReport, dataset: Dataset): Promise<boolean> {
  const { subject, clones, notChecked } = inquiry
  const refused = [...bypassed, ...unfilled].some(({ relation }) => dataset.tables.has(relation))
  if (!refused || subject.hints.shaped !== undefined || !triesEach(subject.legacy)) return false
  const shaped = await inquiry.clock.time('shapes', () =>
    clones.run((stage) => stage.look((session) => findShapes(session, subject.plan, dataset))),
  )
  if (shaped.length === 0) return false
  inquiry.subject = await inquiry.prepare({ shaped })
  for (const { relation, attribute, pattern } of shaped)
    notChecked.push(
      `texts in ${shownName(relation)}.${attribute} that do not match ${pattern}: the schema refused all others that were tried`,
    )
  return true
}
