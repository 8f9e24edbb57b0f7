import type { MigrationResult, VerifyResult } from '../../result/index.ts'
import { stageWords } from '../stage-words.ts'
import { formatDuration } from '../visible-text.ts'
import { DurationBars } from './bars.tsx'

/** How long the verification took, by stage. How long the migration itself takes is among locks and waits. */
export function TimingsPart(props: {
  readonly migration: MigrationResult
  readonly run: VerifyResult
  readonly alone: boolean
  readonly heading: 'h3' | 'h4'
}) {
  const { migration, run, alone, heading: Heading } = props
  const timings = Object.entries(alone ? { ...run.timings, ...migration.timings } : migration.timings)
  if (timings.length === 0) return null
  const total = alone ? run.durationMs : timings.reduce((sum, [, ms]) => sum + ms, 0)
  return (
    <>
      <Heading>How long the verification took</Heading>
      <details data-print="closed">
        <summary>{formatDuration(total)} in all, by stage</summary>
        <DurationBars label="Time by stage" of="stage" bars={timings.map(([stage, ms]) => ({ name: stageWords(stage), ms }))} />
      </details>
    </>
  )
}
