import { describe, expect, test } from 'vitest'
import { heirsOf } from '../../../harness/invariants/definitions-kept/heirs.ts'
import { pathOf } from '../../../harness/postgres/index.ts'
import type { State } from '../../../harness/run/index.ts'
import { banded, id, knowing, state, twelve, word } from '../build.ts'

const people = (columns: readonly string[], mark = '') =>
  twelve.map((row) => [id(row), ...columns.map((each) => word(row, `${mark}${each}`))])
const bands = { id: 'band', login: 'band', phone: 'band' } as const

function heirs(legacy: State, migrated: State) {
  const paths = [...legacy.catalog.relations.keys()]
  const run = banded(legacy, migrated, Object.fromEntries(paths.map((path) => [path, bands])))
  return [...heirsOf(run, knowing([run]))].map(([path, { now, attributes }]) => ({
    path,
    now: pathOf(now),
    attributes: [...attributes].map(([name, seat]) => `${name} is ${seat.relation}.${seat.attribute}`),
  }))
}

const columns = { id: 'integer', login: 'text', phone: 'text' }
const legacy = state({ 'public.person': { oid: 1, columns, key: ['id'], rows: people(['login', 'phone']) } })

describe('the heir of a table', () => {
  test('is the one made anew under another name that holds its rows', () => {
    const rows = people(['login', 'phone'])
    const migrated = state({ 'public.member': { oid: 2, columns: { id: 'integer', name: 'text', phone: 'text' }, key: ['id'], rows } })
    expect(heirs(legacy, migrated)).toEqual([
      {
        path: 'public.person',
        now: 'public.member',
        attributes: ['id is public.member.id', 'login is public.member.name', 'phone is public.member.phone'],
      },
    ])
  })

  test('is itself, with columns in another table, where these moved', () => {
    const migrated = state({
      'public.person': { oid: 1, columns: { id: 'integer', login: 'text' }, key: ['id'], rows: people(['login']) },
      'public.contact': { oid: 2, columns: { person: 'integer', phone: 'text' }, key: ['person'], rows: people(['phone']) },
    })
    expect(heirs(legacy, migrated)).toEqual([
      {
        path: 'public.person',
        now: 'public.person',
        attributes: ['id is public.person.id', 'login is public.person.login', 'phone is public.contact.phone'],
      },
    ])
  })

  test('is none where the rows of two tables are in one', () => {
    const two = state({
      'public.person': { oid: 1, columns, key: ['id'], rows: people(['login', 'phone']) },
      'public.guest': { oid: 2, columns, key: ['id'], rows: people(['login', 'phone'], 'g') },
    })
    const rows = [...people(['login', 'phone']).map((row) => ['p', ...row]), ...people(['login', 'phone'], 'g').map((row) => ['g', ...row])]
    const migrated = state({ 'public.visitor': { oid: 3, columns: { kind: 'text', ...columns }, key: ['kind', 'id'], rows } })
    expect(heirs(two, migrated)).toEqual([])
  })
})
