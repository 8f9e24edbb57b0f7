import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { leftBehind } from './left-behind.ts'
import { runBin } from './run-bin.ts'

const keeps = 'ALTER TABLE items ADD COLUMN price numeric;\n'
const loses = 'ALTER TABLE items DROP COLUMN name;\n'
const back = 'ALTER TABLE items DROP COLUMN price;\n'

let folder: string
let temporary: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'godwit-watch-'))
  temporary = mkdtempSync(join(tmpdir(), 'godwit-watch-tmp-'))
})

afterEach(() => {
  for (const each of [folder, temporary]) rmSync(each, { recursive: true })
})

const save = (name: string, text: string) => writeFileSync(join(folder, name), text)

const pair = { 'legacy.sql': 'CREATE TABLE items (id int PRIMARY KEY, name text NOT NULL);\n', 'up.sql': keeps, 'down.sql': back }

function savePair(): void {
  for (const [file, text] of Object.entries(pair)) save(file, text)
}

/** Watch the folder; do each act once standard error has said what it waits for since the one before; then interrupt. */
async function watching(...acts: readonly (readonly [after: string, act: () => void])[]) {
  const left = [...acts, ['waiting for changes', undefined] as const]
  let unread = ''
  let pid = 0
  const result = await runBin(['watch', '--runs', '5', '--no-cache'], {
    cwd: folder,
    env: { TMPDIR: temporary },
    onStart: (child) => {
      pid = child.pid ?? 0
      child.stderr?.on('data', (text: string) => {
        unread += text
        const [after, act] = left[0] ?? []
        if (after === undefined || !unread.includes(after)) return
        unread = ''
        left.shift()
        if (act === undefined) child.kill('SIGINT')
        else act()
      })
    },
  })
  await vi.waitUntil(() => leftBehind(pid, temporary).length === 0, { timeout: 10_000 })
  return { ...result, decisions: result.stdout.match(/^[✓✗?] (Release|Do not release)/gm) }
}

const quiet = 'waiting for changes'

describe('godwit watch', () => {
  test('verifies again what is saved, and leaves nothing behind when it is interrupted', async () => {
    savePair()
    const { code, decisions, stderr } = await watching([quiet, () => save('up.sql', loses)], [quiet, () => save('up.sql', keeps)])
    expect(decisions).toEqual(['✓ Release', '✗ Do not release', '✓ Release'])
    expect(stderr.match(/^saved: .*$/gm)).toEqual(['saved: up.sql', 'saved: up.sql'])
    expect(code).toBe(130)
  })

  test('says what is wrong with a file, and goes on once it is mended', async () => {
    savePair()
    const { code, decisions, stderr } = await watching(
      [quiet, () => save('up.sql', 'ALTER TABEL items;\n')],
      ['syntax error', () => save('up.sql', loses)],
    )
    expect(decisions).toEqual(['✓ Release', '✗ Do not release'])
    expect(stderr).toContain('godwit: up.sql:1:7: syntax error at or near "TABEL"')
    expect(code).toBe(130)
  })

  test('begins anew where something is saved while it verifies', async () => {
    savePair()
    const { decisions } = await watching([quiet, () => save('up.sql', loses)], ['saved: up.sql', () => save('up.sql', keeps)])
    expect(decisions?.at(-1)).toBe('✓ Release')
    expect(decisions).toHaveLength(2)
  })

  test('verifies the pair that was saved, not those beside it', async () => {
    for (const name of ['one', 'two']) {
      mkdirSync(join(folder, name))
      for (const [file, text] of Object.entries(pair)) save(join(name, file), text)
    }
    const { stdout } = await watching([quiet, () => save('one/up.sql', loses)])
    expect(stdout.match(/^([✓✗] (one|two) |✓ \d migrations hold)/gm)).toEqual(['✓ 2 migrations hold', '✗ one '])
  })

  test('ends at once where there is nothing to watch', async () => {
    const { code, stderr } = await runBin(['watch'], { cwd: folder })
    expect(code).toBe(2)
    expect(stderr).toMatch(/^godwit: /)
  })
})
