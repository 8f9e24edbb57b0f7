import { describe, expect, test } from 'vitest'
import { compressionNotes, lz4In } from '../../../harness/environment/compression.ts'
import { adaptScript, noAdaptation } from '../../../harness/environment/index.ts'
import { parseScript } from '../../../harness/migration/index.ts'
import { verifyInline } from '../verify/verify-inline.ts'

const script = (text: string) => parseScript('1.sql', text)
const adapted = (text: string) => adaptScript(script(text), { ...noAdaptation, withoutLz4: true }).text

// gram: the packages of PostgreSQL that npm has are built without lz4.
describe('columns compressed by lz4', () => {
  test.each([
    ['CREATE TABLE d (id int, body text COMPRESSION lz4)', 'CREATE TABLE d (id int, body text COMPRESSION pglz)'],
    ['ALTER TABLE d ALTER COLUMN body SET COMPRESSION LZ4', 'ALTER TABLE d ALTER COLUMN body SET COMPRESSION pglz'],
    ['SELECT 1; ALTER TABLE d ADD a text COMPRESSION lz4, ADD b text compression "lz4"', undefined],
    ["SET default_toast_compression = 'lz4'", "SET default_toast_compression = 'pglz'"],
    ['SET LOCAL default_toast_compression TO lz4', 'SET LOCAL default_toast_compression TO pglz'],
    ["COMMENT ON TABLE d IS 'compression lz4'", "COMMENT ON TABLE d IS 'compression lz4'"],
    ['ALTER TABLE d ALTER COLUMN body SET COMPRESSION pglz', 'ALTER TABLE d ALTER COLUMN body SET COMPRESSION pglz'],
  ])('%s', (text, wanted) => {
    expect(adapted(text)).toBe(wanted ?? 'SELECT 1; ALTER TABLE d ADD a text COMPRESSION pglz, ADD b text compression "pglz"')
    expect(adaptScript(script(text), noAdaptation).text).toBe(text)
  })

  test('are told of', () => {
    const places = lz4In([script('SELECT 1;\nALTER TABLE d ALTER COLUMN body SET COMPRESSION lz4'), script('SELECT 2')])
    expect(places).toEqual(['1.sql:2'])
    expect(compressionNotes(places)).toEqual([
      'This server has no lz4: columns are compressed by pglz in its place (1.sql:2). No value depends on it.',
    ])
    expect(compressionNotes([])).toEqual([])
  })

  test('do not keep a migration from being judged', async () => {
    const legacy = 'CREATE TABLE doc (id int PRIMARY KEY, body text COMPRESSION lz4, other text);'
    const up = 'ALTER TABLE doc ALTER COLUMN other SET COMPRESSION lz4;'
    const { verdict } = await verifyInline(legacy, up, {
      runs: 5,
      files: { 'down.sql': 'ALTER TABLE doc ALTER COLUMN other SET COMPRESSION default;' },
    })
    expect(verdict).toBe('holds')
  })
})
