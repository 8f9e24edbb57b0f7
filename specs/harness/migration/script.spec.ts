import { describe, expect, test } from 'vitest'
import { InputError } from '../../../harness/errors.ts'
import { decodeSource } from '../../../harness/formats/index.ts'
import { parseScript, readDiscards } from '../../../harness/migration/index.ts'

const places = (text: string) =>
  parseScript('up.sql', text).statements.map(({ text, line, column, offset }) => ({ text, line, column, offset }))

function refusal(work: () => unknown): InputError {
  try {
    work()
  } catch (error) {
    if (error instanceof InputError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('statements of a script', () => {
  test.each([
    ['dollar quotes', 'SELECT $$ a; b $$; SELECT $q$ $$; $q$;', ['SELECT $$ a; b $$', 'SELECT $q$ $$; $q$']],
    ['nested comments', '/* a /* ; */ b; */ SELECT 1 /* c; */; -- d;\nSELECT 2', ['SELECT 1', 'SELECT 2']],
    [
      'a body of BEGIN ATOMIC',
      'CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END; SELECT 3',
      ['CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END', 'SELECT 3'],
    ],
    ['empty statements', ';; SELECT 1;;\n;SELECT 2;;', ['SELECT 1', 'SELECT 2']],
    ['a last statement without a semicolon', 'SELECT 1;\nSELECT 2\n-- the end\n', ['SELECT 1', 'SELECT 2']],
    [
      'quotes in quotes',
      `SELECT 'it''s; "x'; SELECT "a;""b" FROM t; SELECT E'\\'; x'`,
      [`SELECT 'it''s; "x'`, 'SELECT "a;""b" FROM t', `SELECT E'\\'; x'`],
    ],
    ['carriage returns', 'SELECT 1;\r\n\r\nSELECT\r\n 2;\r\n', ['SELECT 1', 'SELECT\r\n 2']],
    ['a byte order mark', '\uFEFFSELECT 1;', ['SELECT 1']],
    ['nothing but comments', '-- a\n/* b */\n', []],
    ['nothing at all', '', []],
  ])('are told apart over %s', (_, text, expected) => {
    expect(places(text).map((statement) => statement.text)).toEqual(expected)
  })

  test('have the place of their first token, comments before it left out', () => {
    const text = "-- é😀\n/* 😀 */ SELECT '😀';  -- why\n\n\t-- because\n\tUPDATE t SET a = 1;"
    expect(places(text)).toEqual([
      { text: "SELECT '😀'", line: 2, column: 10, offset: text.indexOf('SELECT') },
      { text: 'UPDATE t SET a = 1', line: 5, column: 2, offset: text.indexOf('UPDATE') },
    ])
  })

  test('are found at their offset in the text, after many that are not ASCII', () => {
    const text = Array.from({ length: 500 }, (_, index) => `INSERT INTO "Größe" VALUES ('${'😀é'.repeat(index % 7)}')`).join(';\n')
    const script = parseScript('up.sql', text)
    expect(script.statements.map(({ offset, text }) => script.text.slice(offset, offset + text.length))).toEqual(text.split(';\n'))
  })

  test('carry their node name and tree', () => {
    const [statement] = parseScript('up.sql', 'DROP TABLE items').statements
    expect(statement).toMatchObject({ node: 'DropStmt', tree: { DropStmt: { removeType: 'OBJECT_TABLE' } }, file: 'up.sql' })
  })
})

describe('what psql would read', () => {
  test('meta-commands are left out and lines stay where they were', () => {
    const text = "\\restrict Xy'z\n\\connect \"other\" -- it's\nSELECT 1;\n\\unrestrict Xy'z\nSELECT 'a\n\\set b';"
    expect(places(text).map(({ text, line }) => ({ text, line }))).toEqual([
      { text: 'SELECT 1', line: 3 },
      { text: "SELECT 'a\n\\set b'", line: 5 },
    ])
  })

  test('\\g ends a statement', () => {
    expect(places('SELECT 1 \\g\nSELECT 2 \\gx\n').map((statement) => statement.text)).toEqual(['SELECT 1', 'SELECT 2'])
  })

  test('inline rows belong to their COPY', () => {
    const text = `COPY public.t (a, "from b") FROM stdin;\n1\tit's; \\N\n2\t$$ -- no\n\\.\n\nCOPY u FROM STDIN WITH (FORMAT csv);\n\\.\nSELECT 3;`
    const script = parseScript('legacy.data.sql', text)
    expect(script.statements.map(({ text, line, copyData }) => ({ text, line, copyData }))).toEqual([
      { text: 'COPY public.t (a, "from b") FROM stdin', line: 1, copyData: "1\tit's; \\N\n2\t$$ -- no\n" },
      { text: 'COPY u FROM STDIN WITH (FORMAT csv)', line: 6, copyData: '' },
      { text: 'SELECT 3', line: 8, copyData: undefined },
    ])
  })

  test('a COPY from a file or to stdout has no rows', () => {
    expect(parseScript('a.sql', "COPY t FROM '/stdin';\nCOPY t TO stdout;").statements.map((statement) => statement.copyData)).toEqual([
      undefined,
      undefined,
    ])
  })

  test.each(['\\i other.sql', '\\ir other.sql', '\\if :x', '\\copy t from x.csv', 'SELECT 1 \\gexec'])('%s is refused', (line) => {
    const error = refusal(() => parseScript('up.sql', `SELECT 0;\n${line}\n`))
    expect({ message: error.message, detail: error.detail }).toEqual({
      message: expect.stringMatching(/^up\.sql:2:\d+: psql's "\\\w+" changes what runs and is not carried out$/),
      detail: expect.stringMatching(new RegExp(`^${line.replace(/[\\]/g, '\\\\')}\n *\\^$`)),
    })
    expect(error.exitCode).toBe(2)
  })
})

describe('SQL that does not parse', () => {
  test('is an input error with file, line, column and a caret under the token', () => {
    const error = refusal(() => parseScript('db/up.sql', "SELECT '😀é';\n\tSELECT '😀'  ORDER 1;\n"))
    expect({ message: error.message, detail: error.detail, exitCode: error.exitCode }).toEqual({
      message: 'db/up.sql:2:21: syntax error at or near "1"',
      detail: `\tSELECT '😀'  ORDER 1;\n\t${' '.repeat(18)}^`,
      exitCode: 2,
    })
  })

  test('at its end points behind the last character', () => {
    const error = refusal(() => parseScript('up.sql', 'SELECT 1;\nSELECT ('))
    expect(error.message).toBe('up.sql:2:9: syntax error at end of input')
    expect(error.detail).toBe('SELECT (\n        ^')
  })

  test('for a variable of psql says so', () => {
    expect(refusal(() => parseScript('up.sql', 'SET ROLE :owner;')).hint).toBe('A variable of psql, as in ":name", is not replaced here.')
  })

  test('nested too deeply is an input error, and the parser goes on', () => {
    expect(refusal(() => parseScript('up.sql', `SELECT ${'('.repeat(20_000)}1${')'.repeat(20_000)}`)).exitCode).toBe(2)
    expect(places('SELECT 1')).toHaveLength(1)
  })

  test('not UTF-8 is an input error', () => {
    const error = refusal(() => decodeSource('up.sql', Buffer.from("SELECT 'é'", 'latin1')))
    expect({ message: error.message, exitCode: error.exitCode }).toEqual({ message: '"up.sql" is not UTF-8', exitCode: 2 })
  })
})

describe('how a script is sent', () => {
  test.each([
    ['in a transaction', 'SELECT 1', 'transaction'],
    ['in a transaction, savepoints or not', 'SAVEPOINT a; SELECT 1; RELEASE a; ROLLBACK TO a', 'transaction'],
    ['one by one, when its first line says so', '-- godwit: no-transaction\nVACUUM', 'autocommit'],
    ['in a transaction, when a later line says otherwise', 'SELECT 1;\n-- godwit: no-transaction\nVACUUM', 'transaction'],
    ['one by one, when it has its own BEGIN', 'BEGIN; SELECT 1; COMMIT', 'autocommit'],
    ['one by one, when it has its own START TRANSACTION', 'START TRANSACTION; SELECT 1; END', 'autocommit'],
    ['in a transaction, when BEGIN is in a body', 'DO $$ BEGIN NULL; END $$', 'transaction'],
  ] as const)('%s', (_, text, mode) => {
    expect(parseScript('up.sql', text).mode).toBe(mode)
  })

  test('as the reader says, when it says', () => {
    expect(parseScript('up.sql', 'BEGIN; COMMIT', { mode: 'message' }).mode).toBe('message')
  })
})

describe('discards declared in comments', () => {
  test('have path, reason, file and line', () => {
    const text = [
      'SELECT 1;',
      '-- godwit: discard public.items.notes because nobody read them',
      '/* godwit: discard "my.schema"."It""ems" because they are gone */ SELECT 2;',
      '  -- Godwit: discard items because of this',
      '  -- and of that',
      '',
      '-- not this one',
      "SELECT '-- godwit: discard public.x because it is a text';",
      '-- godwit: discard public.y without a reason',
    ].join('\r\n')
    expect(readDiscards('up.sql', text)).toEqual([
      { path: 'public.items.notes', because: 'nobody read them', file: 'up.sql', line: 2 },
      { path: '"my.schema"."It""ems"', because: 'they are gone', file: 'up.sql', line: 3 },
      { path: 'public.items', because: 'of this and of that', file: 'up.sql', line: 4 },
    ])
  })
})
