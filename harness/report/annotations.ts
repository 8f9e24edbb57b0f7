import type { VerifyResult } from '../result/index.ts'
import { maskSecretsIn } from './mask-secrets.ts'
import { findingGravity, openFindings, subjectOf } from './severity.ts'
import { plainPath, type SourceFiles } from './source-files.ts'
import { counted, shorten, visibleText } from './visible-text.ts'

/** GitHub shows ten of each type for a step, and says nothing of the others. */
const mostAnnotations = 10

/**
 * The ten worst findings as workflow commands, by which GitHub shows them at their lines in a pull request; ends with a line on the others.
 *
 * @returns Lines, each ending in a newline; empty where there is nothing to show.
 * @see https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 */
export function renderAnnotations(given: VerifyResult, files: SourceFiles): string {
  const result = maskSecretsIn(given)
  const broken = result.sources.flatMap(({ brokenAt }) =>
    brokenAt === null
      ? []
      : [
          command('error', {
            file: files.get(brokenAt.file)?.path ?? plainPath(brokenAt.file),
            line: brokenAt.line,
            title: 'does not apply to an empty database',
            text: `${brokenAt.migration}: ${brokenAt.message}`,
            hint: brokenAt.hint,
          }),
        ],
  )
  const open = result.migrations
    .flatMap((migration) => openFindings(migration).map((finding) => ({ finding, migration })))
    .toSorted((a, b) => findingGravity(a.finding, b.finding))
  const commands = open.map(({ finding, migration }) => {
    const subject = subjectOf(finding)
    const named = finding.file ?? migration.path
    return command(finding.severity === 'error' ? 'error' : 'warning', {
      file: files.get(named)?.path ?? plainPath(named),
      line: finding.file === null ? null : finding.line,
      title: `${finding.invariant}${subject === null ? '' : ` of ${subject}`}`,
      text: `${migration.name}: ${finding.message}`,
      hint: finding.hint,
    })
  })
  const all = [...broken, ...commands]
  const rest = all.length - mostAnnotations
  const lines = [...all.slice(0, mostAnnotations), ...(rest > 0 ? [`::notice::${counted(rest, 'more finding')}: see the report`] : [])]
  return lines.map((line) => `${line}\n`).join('')
}

interface Command {
  readonly file: string
  readonly line: number | null
  readonly title: string
  readonly text: string
  readonly hint: string | null
}

function command(name: 'error' | 'warning', { file, line, title, text, hint }: Command): string {
  const at = line !== null && Number.isSafeInteger(line) && line >= 1 ? `,line=${line}` : ''
  // Only the newline before the hint is ours; those of the data are shown.
  const data = [text, ...(hint === null ? [] : [hint])].map((part) => escapeData(shorten(visibleText(part), 1_000))).join('%0A')
  return `::${name} file=${escapeProperty(visibleText(file))}${at},title=${escapeProperty(shorten(visibleText(title), 200))}::${data}`
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
