import { describe, expect, test } from 'vitest'
import type { FindingResult } from '../../../harness/result/index.ts'
import { inGate } from '../../in-gate.ts'
import { verifyInline } from './verify-inline.ts'

const seeds = inGate(['one', 'two', 'three', 'four', 'five', 'six'], 2)

async function lossUnderSeeds(legacy: string, up: string, attribute: string, files: Readonly<Record<string, string>> = {}) {
  const found: FindingResult[] = []
  for (const seed of seeds) {
    const { findings } = await verifyInline(legacy, up, { runs: 20, files, seed })
    found.push(...findings.filter((each) => each.invariant === 'zero-loss' && each.attribute === attribute))
  }
  return found
}

function classesOf(found: readonly FindingResult[]): readonly string[] {
  return [...new Set(found.map(({ severity, kind, evidence }) => `${severity} ${kind} ${evidence.alteration}`))]
}

describe('how a cell was altered is decided over all runs', () => {
  test('a text that is folded and cut is cut with every seed', async () => {
    const found = await lossUnderSeeds(
      'CREATE TABLE member (id int PRIMARY KEY, nick text NOT NULL)',
      'UPDATE member SET nick = left(lower(nick), 8)',
      'nick',
    )
    expect([found.length, classesOf(found)]).toEqual([seeds.length, ['error cell-altered truncated']])
  })

  test('the rows that are shown are rows of that class', async () => {
    const found = await lossUnderSeeds(
      'CREATE TABLE member (id int PRIMARY KEY, nick text)',
      `UPDATE member SET nick = CASE WHEN length(nick) > 3 THEN NULL ELSE NULLIF(nick, '') END`,
      'nick',
    )
    expect(classesOf(found)).toEqual(['error cell-altered nulled'])
    expect(found.filter(({ evidence }) => String(evidence.legacy).length < 4)).toEqual([])
  })
})

describe('what a join loses is lost, whatever stood there', () => {
  const legacy =
    'CREATE TABLE shop (id int PRIMARY KEY, slogan text); CREATE TABLE page (shop_id int PRIMARY KEY REFERENCES shop, body text)'

  test('where the other relation has no row for it', async () => {
    const found = await lossUnderSeeds(
      legacy,
      `ALTER TABLE page ADD COLUMN slogan text; UPDATE page p SET slogan = s.slogan FROM shop s WHERE s.id = p.shop_id;
       ALTER TABLE shop DROP COLUMN slogan`,
      'slogan',
    )
    expect([found.length, classesOf(found)]).toEqual([seeds.length, ['error cell-altered nulled']])
    expect(found.filter(({ message }) => !/ is lost where page has no row for it/.test(message))).toEqual([])
  })

  test('where it should have gone into a document of the other relation, and nothing brings it back', async () => {
    const found = await lossUnderSeeds(
      `CREATE TABLE reader (id int PRIMARY KEY, mail text NOT NULL UNIQUE, tongue text);
       CREATE TABLE taste (reader_id int PRIMARY KEY REFERENCES reader, wishes jsonb)`,
      `UPDATE taste t SET wishes = jsonb_set(t.wishes, '{tongue}', to_jsonb(r.tongue)) FROM reader r
        WHERE r.id = t.reader_id AND jsonb_typeof(t.wishes) = 'object';
       ALTER TABLE reader DROP COLUMN tongue`,
      'tongue',
      {
        'down.sql': `ALTER TABLE reader ADD COLUMN tongue text; UPDATE reader r SET tongue = t.wishes ->> 'tongue' FROM taste t WHERE t.reader_id = r.id;
          UPDATE taste SET wishes = wishes - 'tongue' WHERE jsonb_typeof(wishes) = 'object'`,
      },
    )
    expect([found.length, classesOf(found)]).toEqual([seeds.length, ['error cell-altered nulled']])
  })

  test('an empty text that becomes NULL where others stay is told as that', async () => {
    const found = await lossUnderSeeds(legacy, `UPDATE shop SET slogan = NULLIF(slogan, '')`, 'slogan')
    expect([found.length, classesOf(found)]).toEqual([seeds.length, ['warning cell-altered empty-made-null']])
  })
})

test('a failure that a run with extreme values shows, and that does not need them, is an error with every seed', async () => {
  const legacy = 'CREATE TABLE shelf (id int PRIMARY KEY, n int NOT NULL)'
  const up = 'INSERT INTO shelf SELECT id + 100000 + (SELECT max(id) FROM shelf), n FROM shelf'
  const told: string[] = []
  for (const seed of ['1', '2']) {
    const { findings } = await verifyInline(legacy, up, { runs: 20, seed })
    told.push(...findings.flatMap((each) => (each.invariant === 'applies' ? [`${each.severity} ${each.relation}.${each.attribute}`] : [])))
  }
  expect(told).toEqual(Array(2).fill('error public.shelf.null'))
})
