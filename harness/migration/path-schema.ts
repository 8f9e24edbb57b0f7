import * as z from 'zod'

/** Any text but none. */
export const text = z.string().trim().min(1)

/** Path of a relation or of an attribute. */
export const path = text.regex(
  /^("(?:[^"]|"")*"|[^."]+)(\.("(?:[^"]|"")*"|[^."]+)){1,2}$/,
  'is not a path such as "public.items" or "public.items.notes"',
)

/** Path of an attribute: schema, relation, attribute. */
export const attributePath = path.refine(
  (value) => (value.match(/"(?:[^"]|"")*"|[^."]+/g)?.length ?? 0) === 3,
  'is not the path of an attribute such as "public.items.notes"',
)
