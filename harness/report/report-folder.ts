import { createHash } from 'node:crypto'
import type { MigrationResult } from '../result/index.ts'

const longest = 60

/**
 * A name under which any migration's report can be filed: one path segment, the same on every file system.
 *
 * Letters, digits, `.`, `_` and `-` stay; a name that had to be changed gets a digest of the original, so that two do not meet.
 */
export function safeFolderName(name: string): string {
  const plain = name.normalize('NFC').replace(/[^\p{L}\p{N}._-]+/gu, '-')
  const short = [...plain].slice(0, longest).join('')
  const safe = short.replace(/^\.+/, '_').replace(/\.+$/, '_')
  // Windows keeps these names, with any extension, for devices.
  const kept = safe === '' || /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(safe) ? `_${safe}` : safe
  return kept === name ? kept : `${kept}-${shortDigest(name)}`
}

/** The folder of each migration of one result; namesakes (also by case alone) are told apart by their paths. */
export function reportFolders(migrations: readonly MigrationResult[]): ReadonlyMap<MigrationResult, string> {
  const names = migrations.map((migration) => safeFolderName(migration.name))
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name.toLowerCase(), (counts.get(name.toLowerCase()) ?? 0) + 1)
  const folders = names.map((name, index) => {
    if (counts.get(name.toLowerCase()) === 1) return name
    return `${name}-${shortDigest(`${migrations[index]?.name}\n${migrations[index]?.path}`)}`
  })
  return new Map(migrations.map((migration, index) => [migration, folders[index] ?? '']))
}

function shortDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8)
}
