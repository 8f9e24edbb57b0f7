import { readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Sabotage } from '../../fixtures/kv/sabotage.ts'
import { inGate } from '../in-gate.ts'
import { examine } from './examine.ts'
import { openWorkbench, type Workbench } from './workbench.ts'

const directory = resolve(import.meta.dirname, '../../fixtures/specimens')
const specimens = readdirSync(directory).filter((name) => name.startsWith('kv-to-tables-'))

describe('sabotaged versions of the program', { timeout: 120_000 }, () => {
  let bench: Workbench
  beforeAll(async () => {
    bench = await openWorkbench()
  })
  afterAll(() => bench[Symbol.asyncDispose]())

  test('there are at least ten', () => {
    expect(specimens.length).toBeGreaterThanOrEqual(10)
  })

  test('nothing is found against the program as it is', async () => {
    expect(await examine(bench, {})).toEqual(new Map())
  })

  test.each(inGate(specimens, 3))('%s is refuted by the claim that it breaks', async (name) => {
    const { default: sabotage } = (await import(pathToFileURL(resolve(directory, name, 'sabotage.ts')).href)) as {
      readonly default: Sabotage
    }
    const found = await examine(bench, sabotage)
    expect([...found.keys()]).toContain(sabotage.refutes)
  })
})
