import { createTwoFilesPatch } from 'diff'
import { counted, visibleText } from '../../report/index.ts'
import type { ChangedFile, References } from './find-references.ts'
import type { Place } from './model.ts'

/** The changes as one patch that `git apply` and `patch -p1` take. */
export function patchOf(changed: readonly ChangedFile[]): string {
  return changed.map(({ file, before, after }) => filePatch(file, before, after)).join('')
}

function filePatch(file: string, before: string, after: string): string {
  const patch = createTwoFilesPatch(`a/${file}`, `b/${file}`, before, after, undefined, undefined, { context: 3 })
  return patch.replace(/^=+\n/, '')
}

/** What was found, for a terminal: the patch, or each change that was written; then what is left, and why. */
export function renderReferences(found: References, written: boolean): string {
  const lines = [
    ...(written ? found.changes.map((each) => `${placed(each)}: ${visibleText(each.text)} → ${visibleText(each.after)}`) : []),
    ...section(
      'ambiguous, left as it is:',
      found.ambiguous.map((each) => `${placed(each)}: ${visibleText(each.because)}: ${shortened(each.lineText)}`),
    ),
    ...section('migrations that name it, never changed:', found.migrations.map(visibleText)),
    ...databaseLines(found),
    ...found.skipped.map(({ because, files }) => `not read, ${because}: ${listed(files)}`),
    summary(found, written),
  ]
  return `${written ? '' : patchOf(found.changed)}${lines.join('\n')}\n`
}

function databaseLines({ database }: References): readonly string[] {
  if (database === undefined) return []
  return section(
    `in the database ${database.place}:`,
    database.uses.map(({ object, place, follows }) => {
      return `${visibleText(object)}, ${place}${follows ? ' (a rename changes it)' : ' (a rename does not change it)'}`
    }),
  )
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)]
}

function summary({ changes, changed, ambiguous, database }: References, written: boolean): string {
  const files = `in ${counted(changed.length, 'file')}`
  const done = written ? `${counted(changes.length, 'change')} written ${files}` : `${counted(changes.length, 'change')} to make ${files}`
  const left = ambiguous.length === 0 ? 'nothing is ambiguous' : `${counted(ambiguous.length, 'ambiguous place')} left`
  const uses = database === undefined ? '' : `, ${counted(database.uses.length, 'use')} in the database`
  return changes.length === 0 && ambiguous.length === 0 ? `nothing names it${uses}` : `${done}, ${left}${uses}`
}

function placed({ file, line, column }: Place): string {
  return `${visibleText(file)}:${line}:${column}`
}

function shortened(line: string): string {
  const text = visibleText(line)
  return text.length > 100 ? `${text.slice(0, 99)}…` : text
}

const mostListed = 5

function listed(files: readonly string[]): string {
  const more = files.length > mostListed ? ` and ${files.length - mostListed} more` : ''
  return files.slice(0, mostListed).map(visibleText).join(', ') + more
}
