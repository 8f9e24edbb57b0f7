import { code, counted, prose, visibleText } from '../../report/index.ts'
import { changeText } from './render-diff.ts'
import type { SchemaVersion, SchemaVersions } from './versions.ts'

const MOST_CHANGES = 3

/** The versions of a schema for a terminal, the oldest first. */
export function renderVersions({ path, versions, unknown }: SchemaVersions): string {
  const width = Math.max(0, ...versions.map(({ version }) => version.length))
  const lines = [
    `versions of ${visibleText(path)} (${counted(versions.length, 'step')})`,
    ...versions.flatMap((each) => [
      `${each.version.padEnd(width)}  ${visibleText(each.step)}: ${levelText(each)}`,
      ...reasons(each, width),
    ]),
    ...unknown.map((text) => `unknown: ${visibleText(text)}`),
  ]
  return `${lines.join('\n')}\n`
}

function levelText({ level, changes }: SchemaVersion): string {
  return level ?? (changes.length === 0 ? 'no change of the schema' : 'the first')
}

function reasons({ level, changes }: SchemaVersion, width: number): readonly string[] {
  if (level === undefined) return []
  const shown = changes.filter((each) => each.level === level)
  const more = changes.length - Math.min(shown.length, MOST_CHANGES)
  return [
    ...shown.slice(0, MOST_CHANGES).map((each) => `${' '.repeat(width)}    ${visibleText(changeText(each))}: ${each.because}`),
    ...(more === 0 ? [] : [`${' '.repeat(width)}    and ${counted(more, 'more change')}`]),
  ]
}

/** A change log as Markdown, the newest version first. */
export function renderChangeLog({ versions, unknown }: SchemaVersions): string {
  const blocks = versions
    .filter(({ changes }) => changes.length > 0)
    .toReversed()
    .map(({ version, step, level, changes }) =>
      [
        `## ${version}`,
        '',
        `${code(step)}${level === undefined ? '' : `, ${level}`}`,
        '',
        ...changes.map(
          (each) =>
            `- ${level === undefined ? '' : `**${each.level}** `}${prose(changeText(each))}${level === undefined ? '' : `: ${prose(each.because)}`}`,
        ),
      ].join('\n'),
    )
  return `${['# Versions of the schema', ...blocks, ...unknown.map((text) => `Unknown: ${prose(text)}`)].join('\n\n')}\n`
}
