import { describe, expect, test } from 'vitest'
import { fullDepth, type Runner } from '../../../harness/run/index.ts'
import { Excluder, type Excluding } from '../../../harness/verify/excluder.ts'
import { useCluster } from '../../../harness/vitest/index.ts'
import { knowing, run, state } from '../../invariants/build.ts'
import { enclose } from '../data/zoo-plan.ts'
import { verifyInline } from './verify-inline.ts'

const legacy = 'CREATE TABLE queue (id int PRIMARY KEY, priority int, note text)'
const check = 'ALTER TABLE queue ADD CONSTRAINT queue_priority_check CHECK (priority BETWEEN 1 AND 4)'

describe('rows that keep clear of what up fails on', () => {
  test('have the values that a new check allows, so that what else the migration does is judged', async () => {
    const { findings, invariants } = await verifyInline(legacy, `${check}; ALTER TABLE queue DROP COLUMN note`, { runs: 20 })
    expect(findings.filter(({ severity }) => severity === 'error').map(({ invariant, attribute }) => `${invariant} ${attribute}`)).toEqual([
      'applies priority',
      'zero-loss note',
    ])
    const zeroLoss = invariants.find(({ id }) => id === 'zero-loss')
    expect(zeroLoss?.under).toEqual(['public.queue.priority has values that the check queue_priority_check allows'])
    expect(zeroLoss?.saw.runs).toBeGreaterThan(10)
  })

  test('are told once, though a trigger writes other values than rows have', async () => {
    const trigger = `CREATE FUNCTION lowered() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.priority := 0; RETURN NEW; END';
      CREATE TRIGGER lowers BEFORE INSERT ON queue FOR EACH ROW EXECUTE FUNCTION lowered()`
    const { invariants } = await verifyInline(`${legacy}; ${trigger}`, check, { runs: 8 })
    const under = invariants.find(({ id }) => id === 'zero-loss')?.under ?? []
    expect(under).toContain('public.queue.priority has values that the check queue_priority_check allows')
    expect(new Set(under).size).toBe(under.length)
  })

  test('tell that there was nothing to see, though up fails on others', async () => {
    const { invariants } = await verifyInline(legacy, check, { runs: 8 })
    const verdicts = new Map(invariants.map(({ id, verdict }) => [id, verdict]))
    expect([verdicts.get('quantity-parity'), verdicts.get('no-orphans')]).toEqual(['not-applicable', 'not-applicable'])
  })

  test('have no two of a key of several attributes, so that what else the migration does to them is judged', async () => {
    const pair = 'CREATE TABLE pair (id int PRIMARY KEY, a int, b boolean, note text)'
    const up = 'CREATE UNIQUE INDEX pair_a_b ON pair (a, b); ALTER TABLE pair DROP COLUMN note'
    const { findings, invariants } = await verifyInline(pair, up, { runs: 20 })
    expect(findings.filter(({ severity }) => severity === 'error').map(({ invariant, kind }) => `${invariant} ${kind}`)).toEqual([
      'applies 23505',
      'zero-loss cell-lost',
    ])
    const zeroLoss = invariants.find(({ id }) => id === 'zero-loss')
    expect(zeroLoss?.under).toEqual(['no two rows of public.pair have the same a, b'])
    expect(zeroLoss?.saw.runs).toBeGreaterThan(10)
  })

  test('have none of the keys that up inserts', async () => {
    const roles = 'CREATE TABLE role (id int PRIMARY KEY, name text NOT NULL UNIQUE)'
    const names = ['admin', 'owner', 'guest']
    const up = `INSERT INTO role (id, name) VALUES ${names.map((name, at) => `(${-1000 - at}, '${name}')`).join(', ')}`
    const { invariants } = await verifyInline(roles, up, { runs: 20 })
    const zeroLoss = invariants.find(({ id }) => id === 'zero-loss')
    expect(zeroLoss?.under).toContain("public.role.name is none of 'admin', 'owner', 'guest'")
    expect(zeroLoss?.saw.runs).toBeGreaterThan(10)
  })

  test('where up fails on all rows, nothing is known of what was not seen', async () => {
    const { invariants } = await verifyInline(legacy, 'DO $$ BEGIN PERFORM 1 / (SELECT 0 FROM queue LIMIT 1); END $$', { runs: 8 })
    expect(invariants.find(({ id }) => id === 'quantity-parity')?.verdict).toBe('unknown')
  })
})

test('rows that were drawn without the rules are not looked into for another one', async () => {
  await using enclosure = await enclose(await useCluster(), 'CREATE TABLE queue (id int PRIMARY KEY, priority int)')
  const looked = () => Promise.reject(new Error('it was looked into'))
  const known: Excluding = {
    subject: { plan: enclosure.plan, legacy: enclosure.catalog, knowledge: knowing([]) } as unknown as Excluding['subject'],
    exclusions: [{ relation: 'public.queue', attribute: 'priority', rule: { only: ['1', '2'] } }],
    depth: fullDepth(8),
    migrated: undefined,
    invariants: [],
    runner: { onStage: looked, run: looked } as unknown as Runner,
  }
  const ruleFor = (priority: string) => {
    const table = { relation: 'public.queue', attributes: ['id', 'priority'], rows: [['1', priority]] }
    const dataset = { tables: new Map([['public.queue', table]]), unfilled: [], extreme: false }
    const failure = {
      sqlstate: '23514',
      message: '',
      schema: 'public',
      table: 'queue',
      index: 0,
      file: 'up.sql',
      line: 1,
      statement: undefined,
    }
    const legacy = state({ 'public.queue': { columns: { id: 'integer', priority: 'integer' }, rows: [['1', priority]] } })
    const request = { regime: 'edge', extreme: false, filling: { kind: 'dataset', dataset }, phases: ['up'] } as const
    return new Excluder(known).ruleFor(run(legacy, state({}), { failure }), request)
  }
  expect(await ruleFor('9')).toBeUndefined()
  await expect(ruleFor('2')).rejects.toThrow('it was looked into')
})
