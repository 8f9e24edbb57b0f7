import { attacks } from '../../specs/harness/report/page-support.ts'
import type { Draw } from './draw.ts'

/** The name of the file that no shell may make, and of the table that no statement may change. */
export const canary = 'canary'

const pieces = [
  ...attacks,
  `"; DROP TABLE ${canary}; --`,
  `'; DROP TABLE ${canary}; --`,
  `$$; DROP TABLE ${canary}; $$`,
  `\\'; DROP TABLE ${canary}; --`,
  `*/ DROP TABLE ${canary}; /*`,
  `\n\\! touch ${canary}\n`,
  `$(touch ${canary})`,
  `\`touch ${canary}\``,
  `; touch ${canary}`,
  `| touch ${canary}`,
  `&& touch ${canary}`,
  `' ; touch ${canary} ; '`,
  `" ; touch ${canary} ; "`,
  '\u001b[31m',
  '\u001b]0;title\u0007',
  '\u001b]8;;http://evil.example\u001b\\',
  '\u009b2J',
  '\r',
  '\n',
  '\ngodwit: forged\n',
  '\t',
  '\u0007',
  '\u0008',
  '\u007f',
  '\ud800',
  '\udfff',
  '\u202e',
  '\u2028',
  '\ufeff',
  '\uffff',
  '🦖',
  'é',
  '__proto__',
  'constructor',
  'toString',
  '-rf',
  '--help',
  '%s%n',
  '%2e%2e',
  '..',
  '../../..',
  '::error::x',
  '| a | b |',
  '```',
  '[x](javascript:alert(1))',
  '# x',
  '@everyone #1',
  '{{x}}',
  ':variable',
  "E'\\x41'",
  '1e400',
  'NULL',
  '@copy',
  'a',
  'B c',
  ' ',
] as const

/** A text that wants to become something else: SQL, a shell command, markup, an escape sequence. */
export function hostileText(draw: Draw): string {
  if (draw.chance(0.02)) return draw.pick(['', 'x'.repeat(5_000), '\u001b'.repeat(300), '('.repeat(2_000)])
  return Array.from({ length: 1 + draw.int(3) }, () => draw.pick(pieces)).join(draw.pick(['', '', ' ', 'x']))
}

/** The same as one part of a path, as file systems and the kernel take it. */
export function hostileFileName(draw: Draw): string {
  const name = Buffer.from(hostileText(draw).replaceAll(/[/\0]/g, '_'))
    .subarray(0, 180)
    .toString()
    .replace(/\ufffd+$/, '')
  return /^\.{0,2}$/.test(name) ? 'plain' : name
}

/** The same as an argument, in which the kernel takes no NUL. */
export function hostileArgument(draw: Draw): string {
  return hostileText(draw).replaceAll('\0', '_')
}

/** The same as a quoted name or a literal of SQL, which has no NUL and is UTF-8. */
export function hostileName(draw: Draw): string {
  const text = hostileText(draw)
    .replaceAll(/[\0\p{Cs}]/gu, '_')
    .slice(0, 40)
  return `"${(text === '' ? 'x' : text).replaceAll('"', '""')}"`
}

export function hostileLiteral(draw: Draw): string {
  return `'${hostileText(draw)
    .replaceAll(/[\0\p{Cs}]/gu, '_')
    .slice(0, 200)
    .replaceAll("'", "''")}'`
}

/** A JSON value in which one thing is not what it was, and sometimes its text is cut or changed. */
export function hostileJson(draw: Draw, value: unknown): string {
  let text = JSON.stringify(value)
  for (let times = 1 + draw.int(3); times > 0; times -= 1) text = JSON.stringify(changed(draw, JSON.parse(text)))
  if (draw.chance(0.1)) return text.slice(0, draw.int(text.length))
  if (draw.chance(0.05)) return `\ufeff${text}`
  if (draw.chance(0.05)) return text.replace(/"/, '\u001b"')
  return text
}

function changed(draw: Draw, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || draw.chance(0.05)) return hostileValue(draw)
  if (Array.isArray(value)) {
    if (value.length === 0) return [hostileValue(draw)]
    const at = draw.int(value.length)
    return draw.chance(0.2) ? value.toSpliced(at, 1) : value.with(at, changed(draw, value[at]))
  }
  const entries = Object.entries(value)
  if (entries.length === 0 || draw.chance(0.1)) return Object.fromEntries([...entries, [hostileText(draw), hostileValue(draw)]])
  const at = draw.int(entries.length)
  if (draw.chance(0.2)) return Object.fromEntries(entries.toSpliced(at, 1))
  return Object.fromEntries(entries.map(([key, item], index) => [key, index === at ? changed(draw, item) : item]))
}

function hostileValue(draw: Draw): unknown {
  if (draw.chance(0.6)) return hostileText(draw)
  return draw.pick<unknown>([
    null,
    true,
    -1,
    0,
    1e308,
    9_007_199_254_740_991,
    '',
    [],
    {},
    [[]],
    { version: 1 },
    ['a', null],
    'x'.repeat(10_000),
  ])
}
