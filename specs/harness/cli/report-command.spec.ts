import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { writeReports } from '../../../harness/report/index.ts'
import { exampleResult } from '../result/result-arbitrary.ts'
import { runBin } from './run-bin.ts'

describe('godwit report', () => {
  test('renders saved results again, and shows them', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'report-command-'))
    try {
      const { reports } = await writeReports(exampleResult([{}]), { directory, counterexamples: new Map() })
      const report = reports[0] ?? ''
      const first = await readFile(report, 'utf8')
      await writeFile(report, 'damaged')
      const { code, stdout, stderr } = await runBin(['report', directory])
      expect([code, stderr]).toEqual([0, ''])
      expect(stdout.split('\n').slice(0, 4)).toEqual([
        '✗ drop-notes  violated  (100 generated data sets, PostgreSQL 18.4, 3.2 s)',
        '  error    cells of "notes" are nowhere to be found afterwards.',
        '           up.sql:3  zero-loss',
        `  report  ${report}`,
      ])
      expect(await readFile(report, 'utf8')).toBe(first)
    } finally {
      await rm(directory, { recursive: true })
    }
  })

  test('a directory without results is bad input', async () => {
    const { code, stdout, stderr } = await runBin(['report', '/nonexistent'])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toBe('godwit: cannot read the directory "/nonexistent"\nHint: Name a directory that "godwit verify" wrote.\n')
  })
})
