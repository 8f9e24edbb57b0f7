import { describe, expect, test } from 'vitest'
import { verifyInline } from '../../harness/verify/verify-inline.ts'

// langfuse: rows of the parent hardly ever get past the key that is added, so that nothing is learned of where they go.
const legacy = `CREATE TABLE session (id text NOT NULL, project text NOT NULL, PRIMARY KEY (id, project));
  CREATE TABLE trace (id text PRIMARY KEY, session text, project text);
  CREATE TABLE observation (id text PRIMARY KEY, trace text);`
const key = 'ALTER TABLE trace ADD FOREIGN KEY (session, project) REFERENCES session (id, project);'
const joined = 'UPDATE observation AS o SET id = o.id FROM trace AS t WHERE t.id = o.trace;'

async function orphansOf(up: string): Promise<readonly string[]> {
  const { findings } = await verifyInline(legacy, up, { runs: 30 })
  return findings.flatMap(({ invariant, message }) => (invariant === 'no-orphans' ? [message] : []))
}

describe('a parent of which no banded row got past up', () => {
  test('is where it was', async () => {
    expect(await orphansOf(`${key} ${joined}`)).toEqual([])
  })

  test('that gets other keys leaves orphans', async () => {
    expect(await orphansOf(`${key} ${joined} UPDATE trace SET id = 'x' || id;`)).toEqual([
      expect.stringMatching(/rows of observation refer to nothing: .+, but trace has no such row$/),
    ])
  })
})
