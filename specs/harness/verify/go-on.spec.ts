import { describe, expect, test } from 'vitest'
import { verifyInline } from './verify-inline.ts'

const legacy = `CREATE TABLE people (id int PRIMARY KEY, email text NOT NULL);
  CREATE TABLE sessions (id text PRIMARY KEY, person int NOT NULL REFERENCES people, expires timestamp NOT NULL, agent text)`

async function found(up: string, schema = legacy) {
  const result = await verifyInline(schema, up, { runs: 20 })
  const told = result.findings
    .filter(({ severity, invariant }) => severity === 'error' && ['applies', 'zero-loss'].includes(invariant))
    .map(({ invariant, relation, attribute, message }) => [invariant, `${relation}.${attribute}`, message.includes('this follows once')])
  return { told: told.toSorted(), notChecked: result.notChecked.filter((each) => each.startsWith('what happens once')) }
}

describe('after a failure that no row gets past', () => {
  test('the rest is judged as if it were corrected, and says so', async () => {
    const up = `ALTER TABLE sessions DROP COLUMN expires, ADD COLUMN expires_at timestamp NOT NULL,
      ADD COLUMN updated_at timestamp NOT NULL;\nALTER TABLE sessions DROP COLUMN agent`
    const { told, notChecked } = await found(up)
    expect(told).toEqual([
      ['applies', 'public.sessions.expires_at', false],
      ['zero-loss', 'public.sessions.agent', true],
      ['zero-loss', 'public.sessions.expires', true],
    ])
    expect(notChecked).toEqual([expect.stringMatching(/^what happens once .*up\.sql:1 is corrected was tested in 20 runs/)])
  })

  test('one that some rows get past leaves the rest as it is judged anyhow', async () => {
    const { told, notChecked } = await found(`ALTER TABLE sessions ALTER COLUMN agent SET NOT NULL; ALTER TABLE people DROP COLUMN email`)
    expect(told).toEqual([
      ['applies', 'public.sessions.agent', false],
      ['zero-loss', 'public.people.email', false],
    ])
    expect(notChecked).toEqual([])
  })

  test('several of them are corrected one after the other', async () => {
    const { told } = await found(
      `ALTER TABLE sessions ADD COLUMN a int NOT NULL; ALTER TABLE sessions ADD CONSTRAINT none CHECK (id IS NULL); ALTER TABLE sessions DROP COLUMN agent`,
    )
    expect(told).toEqual([
      ['applies', 'public.sessions.a', false],
      ['applies', 'public.sessions.id', true],
      ['zero-loss', 'public.sessions.agent', true],
    ])
  })

  test('all that are known are corrected at once', async () => {
    const { told, notChecked } = await found(`ALTER TABLE sessions ADD COLUMN a int NOT NULL;\nALTER TABLE people ADD COLUMN b int NOT NULL;
      ALTER TABLE sessions DROP COLUMN agent`)
    expect(told).toEqual([
      ['applies', 'public.people.b', false],
      ['applies', 'public.sessions.a', false],
      ['zero-loss', 'public.sessions.agent', true],
    ])
    expect(notChecked).toEqual([expect.stringMatching(/^what happens once .*up\.sql:1 and .*up\.sql:2 are corrected was tested/)])
  })

  test('what shows once they are corrected is corrected too, three times', async () => {
    const columns = ['a', 'b', 'c', 'd', 'e'].map((name) => `ALTER TABLE sessions ADD COLUMN ${name} int NOT NULL;`)
    const { told } = await found(
      `${columns.join('\n')}\nALTER TABLE people ADD COLUMN f int NOT NULL; ALTER TABLE people ADD COLUMN g int NOT NULL`,
    )
    const [people, sessions] = [
      ['f', 'g'],
      ['a', 'b', 'c', 'd'],
    ]
    expect(told.map(([, subject]) => subject).toSorted()).toEqual([
      ...people.map((name) => `public.people.${name}`),
      ...sessions.map((name) => `public.sessions.${name}`),
    ])
  })

  test('of several the first alone, where the rest needs another one', async () => {
    const up = `ALTER TABLE note ADD COLUMN a int NOT NULL;\nALTER TABLE people ADD CONSTRAINT none CHECK (id IS NULL);
      ALTER TABLE people DROP CONSTRAINT none; ALTER TABLE note DROP COLUMN body`
    const { told, notChecked } = await found(up, `${legacy}; CREATE TABLE note (id int PRIMARY KEY, body text)`)
    expect(told).toEqual([
      ['applies', 'public.note.a', false],
      ['applies', 'public.people.id', false],
      ['zero-loss', 'public.note.body', true],
    ])
    expect(notChecked).toEqual([expect.stringMatching(/^what happens once .*up\.sql:1 is corrected was tested/)])
  })

  test('what moves rows is not left out: all after it would look like a loss', async () => {
    const { told } = await found(
      `ALTER TABLE sessions ADD COLUMN n int; UPDATE sessions SET n = 1 / (length(id) - length(id)); ALTER TABLE sessions DROP COLUMN agent`,
    )
    expect(told.map(([invariant]) => invariant)).toEqual(['applies'])
  })

  test('where the rest needs the statement, that is said, and nothing is made of it', async () => {
    const { told, notChecked } = await found(
      `ALTER TABLE sessions ADD CONSTRAINT none CHECK (id IS NULL); ALTER TABLE sessions DROP CONSTRAINT none, DROP COLUMN agent`,
    )
    expect(told.map(([invariant]) => invariant)).toEqual(['applies'])
    expect(notChecked).toEqual([expect.stringContaining('was not tested: the migration fails without this statement')])
  })
})
