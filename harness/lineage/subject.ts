import type { UnderTest } from '../run/index.ts'
import type { Knowledge } from './knowledge.ts'

/** A migration under test, with what is known of it beside its runs. */
export interface Subject extends UnderTest {
  readonly knowledge: Knowledge
}
