import { expect, test } from 'vitest'
import { readSources, verifyOn } from '../../../harness/history/index.ts'
import { useCluster } from '../../../harness/vitest/index.ts'
import { writtenFiles } from './written-history.ts'

// Under this seed only the fifth data set has loans that are alike, and rows are written between its up and down.
test('rows that are lost are told, whichever way their run went on', async () => {
  await using written = await writtenFiles({
    '1.up.sql': 'CREATE TABLE members (id serial PRIMARY KEY, name text NOT NULL);',
    '1.down.sql': 'DROP TABLE members;',
    '2.up.sql': 'CREATE TABLE books (id serial PRIMARY KEY, title text NOT NULL);',
    '2.down.sql': 'DROP TABLE books;',
    '3.up.sql': `CREATE TABLE loans (id serial PRIMARY KEY, member_id int NOT NULL REFERENCES members, book_id int NOT NULL REFERENCES books,
      lent_on date NOT NULL, returned_on date, CHECK (returned_on >= lent_on));`,
    '3.down.sql': 'DROP TABLE loans;',
    '4.up.sql': `DELETE FROM loans AS later USING loans AS earlier
      WHERE later.id > earlier.id AND later.member_id = earlier.member_id AND later.book_id = earlier.book_id;
      ALTER TABLE loans ADD CONSTRAINT loans_member_book_key UNIQUE (member_id, book_id);`,
    '4.down.sql': 'ALTER TABLE loans DROP CONSTRAINT loans_member_book_key;',
  })
  const { result } = await verifyOn(await useCluster(), await readSources([written.path], {}), { seed: '28' }, {})
  expect(result.migrations.map(({ verdict }) => verdict)).toEqual(['holds', 'holds', 'holds', 'violated'])
  expect(result.migrations[3]?.findings).toContainEqual(expect.objectContaining({ invariant: 'zero-loss', kind: 'row-lost' }))
})

// Under this seed the rows that are to be alike were so by NULLs alone, which a unique index lets through.
test('a unique index meets values that are equal', async () => {
  await using written = await writtenFiles({
    '1.up.sql': 'CREATE TABLE authors (id bigserial PRIMARY KEY, name varchar NOT NULL, country varchar);',
    '1.down.sql': 'DROP TABLE authors;',
    '2.up.sql': `CREATE TABLE books (id bigserial PRIMARY KEY, author_id bigint NOT NULL REFERENCES authors, title varchar NOT NULL,
      isbn varchar(13), pages int DEFAULT 0);`,
    '2.down.sql': 'DROP TABLE books;',
    '3.up.sql': 'CREATE TABLE x (id int);',
    '3.down.sql': 'DROP TABLE x;',
    '4.up.sql': 'CREATE UNIQUE INDEX index_books_on_isbn ON books (isbn);',
    '4.down.sql': 'DROP INDEX index_books_on_isbn;',
  })
  const { result } = await verifyOn(await useCluster(), await readSources([written.path], {}), { seed: '7' }, {})
  expect(result.migrations[3]?.findings).toContainEqual(expect.objectContaining({ invariant: 'applies', kind: '23505' }))
})
