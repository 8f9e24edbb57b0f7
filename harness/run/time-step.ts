import { applyStep, type Outcome, type Step } from '../migration/index.ts'
import type { Session } from '../postgres/index.ts'
import { hearTemporaryFiles } from './temporary-files.ts'

/** One statement as it ran. */
export interface StatementTime {
  readonly file: string
  readonly line: number
  readonly durationMs: number
  /** Bytes that did not fit into memory; undefined where the server does not tell this role. */
  readonly temporaryBytes: number | undefined
}

/** A step as it ran, with nothing else looked at that would take time. */
export interface StepTimes {
  readonly outcome: Outcome
  /** Of a text that its tool sends as one message, and of a program, one for the whole. */
  readonly statements: readonly StatementTime[]
}

/** Apply a step as its tool would, and note for each statement how long it took and what it put into temporary files. */
export async function timeStep(
  session: Session,
  step: Step,
  { url, signal }: { readonly url: string; readonly signal?: AbortSignal | undefined },
): Promise<StepTimes> {
  const files = await hearTemporaryFiles(session)
  const statements: StatementTime[] = []
  let [current, startMs] = [0, performance.now()]
  const ended = (): void => {
    const script = step.kind === 'sql' ? step.script : undefined
    const statement = script?.statements[current]
    // COMMIT is behind the last one.
    const [file, line] = [statement?.file ?? script?.file ?? (step.kind === 'program' ? step.file : ''), statement?.line ?? 1]
    statements.push({ file, line, durationMs: performance.now() - startMs, temporaryBytes: files.take() })
  }
  const outcome = await applyStep(session, step, {
    url,
    ...(signal === undefined ? {} : { signal }),
    onStatement: (index) => {
      if (index > 0) ended()
      ;[current, startMs] = [index, performance.now()]
    },
  })
  if (outcome.outcome === 'applied') ended()
  return { outcome, statements }
}
