import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InputError } from '../../../harness/errors.ts'
import { type History, readSource, stepsSince } from '../../../harness/formats/index.ts'
import { liquibaseCuts } from '../../../harness/formats/liquibase-split.ts'
import { applyStep } from '../../../harness/migration/index.ts'
import { useCluster } from '../../../harness/vitest/cluster.ts'
import { temporaryFolder } from './folder.ts'

type Files = Readonly<Record<string, string>>

async function historyAt(path: string): Promise<History> {
  const source = await readSource(path)
  if (source.kind !== 'history') throw new Error('no history')
  return source.history
}

/** What is read of a folder, each step by its name with its statements and their lines. */
async function read(files: Files, at = '') {
  await using folder = await temporaryFolder(files)
  const { steps, warnings, ignored, format } = await historyAt(join(folder.path, at))
  const shown = (text: string) => text.replaceAll(`${folder.path}/`, '')
  const lines = (step: History['steps'][number]['up' | 'down']) =>
    step?.kind === 'sql' ? step.script.statements.map(({ file, line, text }) => shown(`${file}:${line}: ${text}`)) : undefined
  return {
    format,
    steps,
    names: steps.map(({ name }) => name),
    ups: steps.map(({ up }) => (up.kind === 'opaque' ? shown(up.because) : lines(up))),
    downs: steps.map(({ down }) => lines(down)),
    modes: steps.map(({ up }) => (up.kind === 'sql' ? up.script.mode : 'opaque')),
    warnings: warnings.map(shown),
    ignored: ignored.map(({ file, because }) => `${file}: ${because}`),
  }
}

const header = '--liquibase formatted sql\n'
const formatted = (text: string) => read({ 'a.sql': header + text })
const root = (content: string) => `<databaseChangeLog>${content}</databaseChangeLog>`

async function refusal(files: Files): Promise<string> {
  const error: unknown = await read(files).catch((thrown: unknown) => thrown)
  if (!(error instanceof InputError)) throw new Error('no input error', { cause: error })
  return [error.message, error.detail, error.hint].join('\n')
}

describe('formatted SQL', () => {
  test('has a step for each change set, with its rollback, on their own lines', async () => {
    const { names, ups, downs, modes } = await formatted(
      '\n--changeset ada:1\nSELECT 1;\n--comment what\nSELECT 2;\n--rollback SELECT 3;\n--rollback SELECT 4;\n--changeset "ada l":"2 b" runInTransaction:false\nSELECT 5\n',
    )
    expect(names).toEqual(['a.sql::1::ada', 'a.sql::2 b::ada l'])
    expect(ups).toEqual([['a.sql:4: SELECT 1', 'a.sql:6: SELECT 2'], ['a.sql:10: SELECT 5']])
    expect(downs).toEqual([['a.sql:7: SELECT 3', 'a.sql:8: SELECT 4'], undefined])
    expect(modes).toEqual(['transaction', 'autocommit'])
  })

  test('puts the lines of a rollback in a comment together as Liquibase does', async () => {
    const { downs, warnings } = await formatted(
      '--changeset a:1\nSELECT 1;\n/* liquibase rollback\nSELECT 2;\n  SELECT 3; */\n--changeset a:2\nSELECT 1;\n/* liquibase rollback\nSELECT\n2\n*/\n',
    )
    expect(downs).toEqual([['a.sql:5: SELECT 2', 'a.sql:6: SELECT 3'], ['a.sql:10: SELECT2\n\n;']])
    expect(warnings).toEqual([expect.stringContaining('this down cannot run')])
  })

  test('may say that nothing reverts it, or that another change set does', async () => {
    const { downs } = await formatted(
      '--changeset a:1\nSELECT 1;\n--rollback empty\n--changeset a:2\nSELECT 2;\n--rollback not required\n--changeset a:3\nSELECT 3;\n--rollback changesetId:1 changesetAuthor:a\n',
    )
    expect(downs).toEqual([[], [], ['a.sql:3: SELECT 1']])
  })

  test('for other databases, or to be ignored, is left out by name', async () => {
    const { names, ignored } = await formatted(
      '--changeset a:1 dbms:mysql\nSELECT 1;\n--changeset a:2 dbms:mysql,postgresql\nSELECT 1;\n--changeset a:3 dbms:!h2 context:test\nSELECT 1;\n--changeset a:4 ignore:true\nSELECT 1;\n',
    )
    expect(names).toEqual(['a.sql::2::a', 'a.sql::3::a'])
    expect(ignored).toEqual(['a.sql::1::a: it is for mysql', 'a.sql::4::a: it says ignore:true'])
  })

  test('puts values in the place of properties, and leaves the others', async () => {
    const { ups } = await formatted(
      "--property name:t value:a dbms:mysql\n--property name:t value:b\n--property name:t value:c\n--changeset a:1\nSELECT '$\u007bt}', '$\u007bu}';\n",
    )
    expect(ups).toEqual([["a.sql:6: SELECT 'b', '$\u007bu}'"]])
  })

  test('leaves out lines that are to be ignored, and names what is lost in front', async () => {
    const { ups, warnings } = await formatted(
      'SELECT 0;\n--changeset a:1\nSELECT 1;\n--ignoreLines:start\nSELECT 2;\n--ignoreLines:end\nSELECT 3;\n--ignoreLines:1\nSELECT 4;\nSELECT 5;\n',
    )
    expect(ups).toEqual([['a.sql:4: SELECT 1', 'a.sql:8: SELECT 3', 'a.sql:11: SELECT 5']])
    expect(warnings).toEqual([expect.stringContaining('a.sql:2: stands in front of the first "--changeset"')])
  })

  test.each([
    ['one dash', '-changeset a:2\nSELECT 1;\n', 'a.sql:6: an annotation begins with two dashes'],
    ['one dash before a rollback', '-rollback SELECT 1;\n', 'a.sql:6: an annotation begins with two dashes'],
    ['no id', '--changeset a\nSELECT 1;\n', 'a.sql:6: is no "--changeset author:id"'],
    ['no SQL', '--changeset a:2\n--rollback SELECT 1;\n', 'a.sql:6: the change set "a:2" has no SQL'],
    ['twice the same', '--changeset a:1\nSELECT 1;\n', 'the change set "a.sql::1::a" stands twice'],
    ['an unknown precondition', '--changeset a:2\n--precondition-foo a\nSELECT 1;\n', '"foo" is no precondition in formatted SQL'],
    ['a rollback without end', '/* liquibase rollback\nSELECT 1;\n', 'the comment with the rollback has no end'],
  ])('with %s is one step that Liquibase refuses', async (_, text, because) => {
    const { ups } = await formatted(`--changeset a:0\nSELECT 0;\n--changeset a:1\nSELECT 1;\n${text}`)
    const refused = ups.filter((up) => typeof up === 'string')
    if (refused.length === 0) throw new Error('nothing refused')
    expect(refused.at(-1)).toContain(because)
  })
})

describe('where Liquibase cuts', () => {
  const body = (inner: string) => `CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n${inner}\nRETURN 1;\nEND $$;\n`

  test('inside a body with another END is a statement that the server refuses', async () => {
    expect((await formatted(`--changeset a:1\n${body('')}`)).modes).toEqual(['transaction'])
    const cut = await formatted(`--changeset a:0\nSELECT 1;\n--changeset a:1\n${body('IF true THEN PERFORM 1; END IF;')}`)
    expect(cut.ups[1]).toContain('a.sql:5: Liquibase cuts this statement at a ";" inside it')
    for (const option of ['splitStatements:false', 'endDelimiter://']) {
      const text = body('IF true THEN PERFORM 1; END IF;').replace(/;\n$/, option.includes('//') ? '\n//\n' : ';\n')
      expect((await formatted(`--changeset a:1 ${option}\n${text}SELECT 2\n`)).ups).toEqual([
        option.includes('//') ? [expect.any(String), 'a.sql:9: SELECT 2'] : [expect.any(String), 'a.sql:8: SELECT 2'],
      ])
    }
  })

  test('any text of plain statements is cut at the end of each', () =>
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("SELECT ';'", 'SELECT 1 -- a; b\n', 'SELECT /* ; */ 2', 'SELECT ";" FROM a', "SELECT 'it''s;'"), {
          maxLength: 6,
        }),
        (statements) => {
          const text = statements.map((each) => `${each};\n`).join('')
          const cuts = liquibaseCuts(text, { splits: true, delimiter: undefined })
          let end = -1
          expect(cuts.map(({ start }) => start)).toEqual(statements.map((each) => (end += each.length + (end < 0 ? 1 : 2))))
        },
      ),
    ))
})

describe('preconditions', () => {
  async function outcome(text: string, prepare: string): Promise<string> {
    const { steps } = await formatted(text)
    const up = steps[0]?.up
    if (up?.kind !== 'sql') return 'opaque'
    await using database = await (await useCluster()).createDatabase()
    await using session = await database.connect()
    await session.script(prepare)
    const applied = await applyStep(session, up)
    if (applied.outcome === 'failed') return applied.failure.message
    const [row] = await session.query<{ there: boolean }>("SELECT to_regclass('made') IS NOT NULL AS there")
    return row?.there === true ? 'ran' : 'passed over'
  }
  const check = '--precondition-sql-check expectedResult:0 SELECT count(*) FROM a\n'
  const cases = (onFail: string) => `--changeset a:1\n${onFail}${check}CREATE TABLE made (); -- done\n`

  test.each([
    ['', 'a precondition does not hold'],
    ['--preconditions onFail:HALT onError:HALT\n', 'a precondition does not hold'],
    ['--preconditions onFail:MARK_RAN\n', 'passed over'],
    ['--preconditions onFail:CONTINUE\n', 'passed over'],
    ['--preconditions onFail:WARN\n', 'ran'],
  ])('%j', async (onFail, otherwise) => {
    expect(await outcome(cases(onFail), 'CREATE TABLE a ()')).toBe('ran')
    expect(await outcome(cases(onFail), 'CREATE TABLE a (); INSERT INTO a DEFAULT VALUES')).toBe(otherwise)
  })

  test('of XML ask for relations and columns, with "not" and "or"', async () => {
    const asks = `<preConditions onFail="MARK_RAN"><or><not><tableExists tableName="A"/></not><columnExists tableName="a" columnName="b"/></or></preConditions>`
    const { steps } = await read({
      'changelog.xml': root(`<changeSet id="1" author="a">${asks}<sql>CREATE TABLE made ()</sql></changeSet>`),
    })
    const [step] = steps
    const made = await Promise.all(
      ['SELECT 1', 'CREATE TABLE a ()', 'CREATE TABLE a (b int)'].map(async (prepare) => {
        await using database = await (await useCluster()).createDatabase()
        await using session = await database.connect()
        await session.script(prepare)
        if (step?.up.kind === 'sql') await applyStep(session, step.up)
        const [row] = await session.query<{ there: boolean }>("SELECT to_regclass('made') IS NOT NULL AS there")
        return row?.there
      }),
    )
    expect(made).toEqual([true, false, true])
  })

  test('that Liquibase alone can ask make an opaque step', async () => {
    const set = (asks: string) => `<changeSet id="1" author="a"><preConditions>${asks}</preConditions><sql>SELECT 1</sql></changeSet>`
    expect((await read({ 'changelog.xml': root(set('<changeSetExecuted id="0" author="a"/>')) })).ups).toEqual([
      'its precondition "changeSetExecuted" is asked by the tool: use the format "command"',
    ])
    const index = `--changeset a:1 runInTransaction:false\n--preconditions onFail:MARK_RAN\n${check}CREATE INDEX CONCURRENTLY i ON a (b);\n`
    expect((await formatted(index)).ups).toEqual([expect.stringContaining('cannot stand in a block')])
  })
})

describe('a changelog', () => {
  const sql = (id: string) => `${header}--changeset a:${id}\nSELECT ${id};\n`

  test('includes files in its order: beside it, from the class path, and all of a folder', async () => {
    const files = {
      'src/main/resources/db/changelog-master.xml': root(
        '<include file="classpath:db/b.sql"/><include file="c/a.yaml" relativeToChangelogFile="true"/><includeAll path="/db/all/"/>',
      ),
      'src/main/resources/db/b.sql': sql('1'),
      'src/main/resources/db/c/a.yaml': 'databaseChangeLog:\n  - include: { file: d.json, relativeToChangelogFile: true }\n',
      'src/main/resources/db/c/d.json':
        '{"databaseChangeLog": [{"changeSet": {"id": 2, "author": "a", "changes": [{"sql": {"sql": "SELECT 2"}}], "rollback": "SELECT 3"}}]}',
      'src/main/resources/db/all/10.sql': sql('4'),
      'src/main/resources/db/all/1/x.sql': 'SELECT 5;\n',
      'src/main/resources/db/all/notes.txt': '',
      'src/main/resources/db/other.sql': 'SELECT 6;',
    }
    const { format, names, ups, downs, ignored } = await read(files)
    expect([format, ignored]).toEqual(['liquibase', ['other.sql: no changelog includes it']])
    expect(names).toEqual(['b.sql::1::a', 'c/d.json::2::a', 'all/1/x.sql::raw::includeAll', 'all/10.sql::4::a'])
    expect(ups.map((each) => each?.[0]?.replace(/.*db\//, ''))).toEqual([
      'b.sql:3: SELECT 1',
      'c/d.json:1: SELECT 2',
      'all/1/x.sql:1: SELECT 5',
      'all/10.sql:3: SELECT 4',
    ])
    expect(downs[1]?.[0]).toContain('SELECT 3')
    expect((await read(files, 'src/main/resources/db/changelog-master.xml')).names).toEqual(names)
  })

  test('keeps the lines of SQL in XML and YAML, entities and CDATA too', async () => {
    const xml = root(
      '\n<changeSet id="1" author="a">\n<sql>\nSELECT 1 &lt; 2;\n<comment>x</comment><![CDATA[\nSELECT 2 < 3]]></sql>\n<rollback>\nSELECT 4</rollback></changeSet>',
    )
    const yaml =
      'databaseChangeLog:\n- changeSet:\n    id: 2\n    author: a\n    changes:\n    - sql:\n        sql: |-\n          SELECT 1;\n\n          SELECT\n            2\n'
    const { ups, downs } = await read({
      'changelog.xml': root('<include file="a.xml"/><include file="b.yaml"/>'),
      'a.xml': xml,
      'b.yaml': yaml,
    })
    expect(ups).toEqual([
      ['a.xml:4: SELECT 1 < 2', 'a.xml:6: SELECT 2 < 3'],
      ['b.yaml:8: SELECT 1', 'b.yaml:10: SELECT\n  2'],
    ])
    expect(downs).toEqual([['a.xml:8: SELECT 4'], undefined])
  })

  test('names the kinds of changes that only Liquibase can carry out', async () => {
    const set = (id: number, content: string) => `<changeSet id="${id}" author="a">${content}</changeSet>`
    const both = set(1, '<createTable tableName="a"/><sql>SELECT 1</sql>') + set(2, '<sql>SELECT 2</sql>')
    expect((await read({ 'changelog.xml': root(both) })).ups).toEqual([
      '"createTable" is run by the tool: use the format "command"',
      ['changelog.xml:1: SELECT 2'],
    ])
    expect(await refusal({ 'changelog.xml': root(set(1, '<createTable tableName="a"/><addColumn/>')) })).toMatch(
      /has no change set of SQL\nLiquibase makes the SQL of "createTable", "addColumn" itself\.\n.*format "command"/,
    )
  })

  test.each<[string, Files, string]>([
    ['no XML', { 'changelog.xml': '<databaseChangeLog><a></databaseChangeLog>' }, 'changelog.xml:1:'],
    ['no YAML', { 'changelog.yaml': 'databaseChangeLog: [\n' }, 'changelog.yaml:2:'],
    ['an include that is not there', { 'changelog.xml': root('<include file="a.sql"/>') }, 'includes "a.sql", which is not there'],
    ['an include of itself', { 'changelog.xml': root('<include file="changelog.xml"/>') }, 'includes itself'],
    [
      'another beside it that no other includes',
      { 'changelog-a.xml': root(''), 'changelog-b.xml': root('') },
      'has 2 changelogs that no other includes',
    ],
  ])('with %s is bad input', async (_, files, because) => {
    expect(await refusal(files)).toContain(because)
  })

  test('is not needed: files of formatted SQL are taken by their names', async () => {
    const { names, warnings, ignored } = await read({ '10.sql': sql('2'), '1.sql': sql('1'), '2.sql': 'SELECT 1' })
    expect(names).toEqual(['1.sql::1::a', '10.sql::2::a'])
    expect([warnings.length, ignored]).toEqual([1, ['2.sql: no changelog includes it']])
  })
})

describe('a file with several change sets', () => {
  const set = (id: number, text = `SELECT ${id};`) => `--changeset a:${id}\n${text}\n`

  test('may grow: the digests of the others stay, and only what is new is new since a commit', async () => {
    await using folder = await temporaryFolder({ 'a.sql': `${header}${set(1)}${set(10)}` })
    const git = (...given: readonly string[]) =>
      execFileSync('git', ['-C', folder.path, '-c', 'user.name=a', '-c', 'user.email=a@b', ...given], { stdio: 'ignore' })
    git('init', '-q', '-b', 'main')
    git('add', '.')
    git('commit', '-q', '-m', 'a')
    const before = await historyAt(folder.path)
    writeFileSync(join(folder.path, 'a.sql'), `${header}${set(1)}${set(10)}${set(100)}`)
    const after = await historyAt(folder.path)
    expect(after.steps.map(({ digest }) => digest).slice(0, 2)).toEqual(before.steps.map(({ digest }) => digest))
    expect(await stepsSince(after, 'HEAD')).toEqual({ added: new Set(['a.sql::100::a']), changed: [] })
    writeFileSync(join(folder.path, 'a.sql'), `${header}${set(1)}${set(10, 'SELECT 11;')}`)
    await expect(stepsSince(await historyAt(folder.path), 'HEAD')).rejects.toThrow('a merged file changed: "a.sql::10::a"')
  })
})
