import * as z from 'zod'

/** Statements of clients that show a finding, as a counterexample keeps them. */
export const savedSequenceSchema = z.object({
  statements: z.array(z.object({ form: z.string(), parts: z.array(z.string()), copyData: z.string().optional() })).min(1),
  /** Attributes that were left out of the comparison. */
  ignored: z.array(z.string()).default([]),
})
