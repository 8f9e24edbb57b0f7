import type { Catalog } from '../catalog/index.ts'
import { findShapes } from '../data/index.ts'
import { shownName } from '../postgres/index.ts'
import { bandedFilling } from '../run/index.ts'
import type { Inquiry } from './inquiry.ts'

/**
 * Where a trigger, a generated attribute or the expression of an index refuses all rows that are drawn for a relation, find the texts that
 * it lets in, and draw such from here on.
 */
export async function learnShapes(inquiry: Inquiry): Promise<void> {
  const { subject, context, exclusions, clones, notChecked } = inquiry
  if (![...subject.scope].some((path) => mayRefuse(subject.legacy, path))) return
  const { dataset } = bandedFilling(subject, context.seed, exclusions, 0)
  const shaped = await inquiry.clock.time('shapes', () =>
    clones.run((stage) => stage.look((session) => findShapes(session, subject.plan, dataset))),
  )
  if (shaped.length === 0) return
  inquiry.subject = await inquiry.prepare({ shaped })
  for (const { relation, attribute, pattern } of shaped)
    notChecked.push(
      `texts in ${shownName(relation)}.${attribute} that do not match ${pattern}: the schema refused all others that were tried`,
    )
}

/** Whether a function has a say in which rows the relation takes. */
function mayRefuse({ relations }: Catalog, path: string): boolean {
  const relation = relations.get(path)
  if (relation === undefined) return false
  return (
    relation.triggers.some(
      ({ definition, enabled }) => /^(origin|always)$/.test(enabled) && / INSERT\b/.test(definition.split(' ON ')[0] ?? ''),
    ) ||
    relation.attributes.some(({ generated, default: expression = '' }) => generated !== undefined && expression.includes('(')) ||
    relation.indexes.some(({ attributes }) => attributes.includes(undefined))
  )
}
