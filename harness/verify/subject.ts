import type { Knowledge } from '../invariant/index.ts'
import type { UnderTest } from './under-test.ts'

/** A migration under test, with what is known of it beside its runs. */
export interface Subject extends UnderTest {
  readonly knowledge: Knowledge
}
