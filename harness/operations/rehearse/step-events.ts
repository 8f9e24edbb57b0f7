import type { Outcome } from '../../migration/index.ts'
import type { SentStatement } from '../../run/index.ts'
import type { MigrationEvent } from './event-log.ts'

/** An event of one direction, before it is known when it was, and of which migration. */
export type StepEvent = Omit<MigrationEvent, 'at' | 'migration' | 'direction'>

/** A statement, or the COMMIT behind some, that the server is about to be sent. */
export function sentEvent({ kind, index, file, line, text }: SentStatement): StepEvent {
  return kind === 'commit' ? { event: 'commit', file } : { event: 'statement', statement: index + 1, file, line, text: firstLine(text) }
}

/** What is told at the end: the error, where there was one, and how it ended. */
export function endEvents(outcome: Outcome, durationMs: number): readonly StepEvent[] {
  const end: StepEvent = { event: 'end', outcome: outcome.outcome, durationMs: Math.round(durationMs) }
  if (outcome.outcome === 'applied') return [end]
  const { sqlstate, message, file, line, index, statement } = outcome.failure
  const number = statement === undefined ? {} : { statement: index + 1, text: firstLine(statement.text) }
  return [{ event: 'error', ...number, file, line, sqlstate, message }, end]
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}
