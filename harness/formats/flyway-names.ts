export type FlywayName =
  | { readonly kind: 'V' | 'U' | 'B'; readonly version: string; readonly program: boolean }
  | { readonly kind: 'R'; readonly description: string; readonly program: boolean }

/** A file's name as Flyway takes it apart; undefined for what it passes over. */
export function parseFlywayName(base: string): FlywayName | undefined {
  const [, kind, version = '', description = '', extension] =
    /^([VUB])(\d+(?:[._]\d+)*?)__(.*)\.(sql|java|kt|class)$/.exec(base) ?? /^(R)()__(.*)\.(sql|java|kt|class)$/.exec(base) ?? []
  const program = extension !== 'sql'
  if (kind === 'R') return { kind, description: description.replaceAll('_', ' '), program }
  if (kind === 'V' || kind === 'U' || kind === 'B') return { kind, version: normal(version), program }
  return undefined
}

/** Part by part as numbers, a part that is missing as 0. */
export function compareVersions(left: string, right: string): number {
  const [lefts, rights] = [left, right].map((version) => version.split('.').map(BigInt))
  for (let at = 0; at < Math.max(lefts?.length ?? 0, rights?.length ?? 0); at++) {
    const [a, b] = [lefts?.[at] ?? 0n, rights?.[at] ?? 0n]
    if (a !== b) return a < b ? -1 : 1
  }
  return 0
}

/** Dots between the parts, no zeros in front, none at the end: equal versions look equal. */
function normal(version: string): string {
  const parts = version.split(/[._]/).map((part) => String(BigInt(part)))
  while (parts.length > 1 && parts.at(-1) === '0') parts.pop()
  return parts.join('.')
}
