import { expect, test } from 'vitest'
import { readsRows } from '../../../harness/recording/compare-on-rows.ts'
import { read } from './sent.ts'

const reading = (text: string) => read(text).map((statement) => readsRows(statement))

test.each([
  'SELECT id FROM people',
  'WITH old AS (SELECT id FROM people) SELECT * FROM old',
  "SELECT nextval('numbers') FROM people",
  'INSERT INTO people (name) VALUES ($$Ann$$) RETURNING id',
  'UPDATE people SET name = upper(name) RETURNING id',
  'COPY people TO STDOUT',
])('a program learns rows from %s', (text) => {
  expect(reading(text)).toEqual([true])
})

test.each([
  'SELECT 1',
  "SELECT setval('numbers', 5)",
  'SELECT name FROM steps',
  'SELECT relname FROM pg_catalog.pg_class',
  'SELECT table_name FROM information_schema.tables',
  'WITH ranges AS (SELECT rngtypid FROM pg_range) SELECT * FROM pg_type LEFT JOIN ranges ON true',
  'UPDATE people SET name = upper(name)',
  'INSERT INTO people (name) SELECT name FROM guests',
  'COPY people FROM STDIN',
  'CREATE TABLE people (id int)',
])('a program learns no row from %s', (text) => {
  expect(reading(text)).toEqual([false])
})
