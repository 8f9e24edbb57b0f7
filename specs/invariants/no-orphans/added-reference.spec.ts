import { describe, expect, test } from 'vitest'
import { verifyInline } from '../../harness/verify/verify-inline.ts'

const legacy = `CREATE TABLE task (id text PRIMARY KEY, name text);
  CREATE TABLE rule (id text PRIMARY KEY, payload text);`

async function noOrphansAfter(before: string, up: string) {
  const { verdict, invariants } = await verifyInline(before, up, { runs: 10 })
  const { verdict: own, because } = invariants.find(({ id }) => id === 'no-orphans') ?? {}
  return { verdict, own, because }
}

// trigger.dev: the reference is NULL in each row, and the migration was "not enough evidence".
describe('a reference that the migration adds', () => {
  test('is none that held before', async () => {
    const up = 'ALTER TABLE rule ADD COLUMN task text; ALTER TABLE rule ADD FOREIGN KEY (task) REFERENCES task (id);'
    expect(await noOrphansAfter(legacy, up)).toEqual({
      verdict: 'holds',
      own: 'not-applicable',
      because: 'no table of the migration refers to another',
    })
  })

  test('leaves those that held before to be judged', async () => {
    const before = `${legacy} ALTER TABLE rule ADD COLUMN parent text; `
    const joined = 'UPDATE rule SET payload = task.name FROM task WHERE task.id = rule.parent;'
    const up = `ALTER TABLE rule ADD COLUMN task text; ALTER TABLE rule ADD FOREIGN KEY (task) REFERENCES task (id); ${joined}`
    expect((await noOrphansAfter(before, up)).own).toBe('holds')
  })

  test('that is filled, and that the server does not check, is not known to resolve', async () => {
    const filled =
      'ALTER TABLE rule ADD COLUMN task text; UPDATE rule SET task = payload; ALTER TABLE rule ADD FOREIGN KEY (task) REFERENCES task (id)'
    const { own, because } = await noOrphansAfter(legacy, `${filled} NOT VALID;`)
    expect({ own, because }).toEqual({
      own: 'unknown',
      because: 'rule.task, which the migration adds and fills, is under no key that the server checks',
    })
  })
})
