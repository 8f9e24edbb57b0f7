import { execFileSync } from 'node:child_process'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { InputError } from '../../../harness/errors.ts'
import { codeUses } from '../../../harness/operations/index.ts'
import { loadTypescript } from '../../../harness/operations/references/typescript/load.ts'
import { scratchRepository } from '../cli/scratch-repository.ts'
import { markedAgain, renamedIn } from './references-support.ts'

const page = `# old

Rows of \`‹old›\` are kept in old; \`old_id\` is a column, \`SELECT * FROM «old»\` a query.

\`\`\`sql
SELECT «old».id FROM «old»; -- old
\`\`\`

- in a list

  > \`\`\`ts
  > await sql\`DELETE FROM «old»
  >   WHERE «old».id = 1\`
  > \`\`\`

\`\`\`json
{ "old": "SELECT * FROM old" }
\`\`\`
`

const prisma = `datasource db {
  provider = "postgresql"
}
// model X { @@map("old") }
model Order {
  old String @map("old")
  // @@map("old")
  @@map("«old»")
}
model ‹old› {
  id Int @id
}
model Other {
  olds old[]
  @@map("old_lines")
}
model Audit {
  id Int
  @@map(name: "old")
  @@schema("audit")
}
`

describe('uses of a table in other files', () => {
  test('a page: blocks of code, and code within a line', () => {
    expect(markedAgain(page, { file: 'README.md' })).toBe(page)
    expect(markedAgain(page.replaceAll('\n', '\r\n'), { file: 'README.md' })).toBe(page.replaceAll('\n', '\r\n'))
  })

  test('a schema of Prisma', () => {
    expect(markedAgain(prisma, { file: 'schema.prisma' })).toBe(prisma)
    expect(renamedIn('model A {\n  @@map("old")\n}\n', { file: 'a.prisma' })).toBe('model A {\n  @@map("fresh")\n}\n')
    const mysql = 'datasource db {\n  provider = "mysql"\n}\nmodel A {\n  @@map("old")\n}\n'
    expect(markedAgain(mysql, { file: 'a.prisma' })).toBe(mysql)
  })

  test('a component of Svelte', () => {
    const component = `<h1 title="old">old</h1>\n<script lang="ts">\n  const rows = sql\`SELECT * FROM «old»\`\n</script>\n`
    expect(markedAgain(component, { file: 'a.svelte' })).toBe(component)
  })

  test('line ends, a byte order mark and the end of a file stay; what is not UTF-8 is named, and stays', async () => {
    await using repository = await scratchRepository({
      'a.sql': '\uFEFFSELECT 1;\r\nSELECT * FROM old;\r\n\tSELECT 2',
      'b.ts': '\uFEFFconst a = `SELECT *\r\n FROM old`\r\n',
      'c.md': '\uFEFF```sql\r\nSELECT * FROM old\r\n```',
    })
    const latin = Buffer.from('SELECT * FROM old; -- caf\xe9\n', 'latin1')
    await writeFile(join(repository.directory, 'd.sql'), latin)
    const { code, stdout } = await repository.runHere(['references', 'old', 'fresh', '--write'])
    expect([code, stdout]).toEqual([0, expect.stringContaining('not read, not UTF-8: d.sql\n3 changes written in 3 files')])
    const text = (file: string) => readFile(join(repository.directory, file), 'utf8')
    expect(await text('a.sql')).toBe('\uFEFFSELECT 1;\r\nSELECT * FROM fresh;\r\n\tSELECT 2')
    expect(await text('b.ts')).toBe('\uFEFFconst a = `SELECT *\r\n FROM fresh`\r\n')
    expect(await text('c.md')).toBe('\uFEFF```sql\r\nSELECT * FROM fresh\r\n```')
    expect((await readFile(join(repository.directory, 'd.sql'))).equals(latin)).toBe(true)
  })

  test('what .gitignore names, what tools make and links are not read', async () => {
    const query = 'SELECT * FROM old'
    await using repository = await scratchRepository({
      '.gitignore': 'tmp/\n',
      'a.sql': query,
      'tmp/a.sql': query,
      'node_modules/x/a.sql': query,
      'packages/b/dist/a.sql': query,
      'outside/a.sql': query,
    })
    const { directory } = repository
    await mkdir(join(directory, 'linked'))
    await symlink('../outside/a.sql', join(directory, 'linked/a.sql'))
    execFileSync('git', ['init', '-q'], { cwd: directory })
    const { stdout } = await repository.runHere(['references', 'old', 'fresh', '--json'])
    const { changes, skipped } = JSON.parse(stdout)
    expect(changes.map((each: { file: string }) => each.file)).toEqual(['a.sql', 'outside/a.sql'])
    expect(skipped).toEqual([
      { because: 'made by tools', files: ['node_modules/', 'packages/b/dist/'] },
      { because: 'named by .gitignore', files: ['tmp/'] },
    ])
  })

  test('migrations of each kind are left', async () => {
    const table = 'CREATE TABLE old (id int);\n'
    await using repository = await scratchRepository({
      'prisma/migrations/20240101000000_a/migration.sql': table,
      'prisma/migrations/migration_lock.toml': 'provider = "postgresql"\n',
      'supabase/migrations/20240101000000_a.sql': table,
      'pairs/a/legacy.sql': table,
      'pairs/a/up.sql': 'ALTER TABLE old ADD b int;\n',
      'db/knex/migrations/20240101_a.js': `exports.up = (knex) => knex.raw('SELECT * FROM old')`,
      'db/steps/a.ts': `export async function up() { await sql\`SELECT * FROM old\` }\nexport async function down() {}`,
      'queries/a.sql': 'SELECT * FROM old;\n',
      'seed.sql': 'INSERT INTO old VALUES (1);\n',
    })
    const { stdout } = await repository.runHere(['references', 'old', 'fresh', '--json'])
    const { changes, migrations } = JSON.parse(stdout)
    expect(changes.map((each: { file: string }) => each.file)).toEqual(['queries/a.sql', 'seed.sql'])
    expect(migrations).toEqual([
      'db/knex/migrations/20240101_a.js',
      'db/steps/a.ts',
      'pairs/a/legacy.sql',
      'pairs/a/up.sql',
      'prisma/migrations/20240101000000_a/migration.sql',
      'supabase/migrations/20240101000000_a.sql',
    ])
  })

  test('the TypeScript of the project comes first; without any, the message says what to do', async () => {
    await using repository = await scratchRepository({
      'node_modules/typescript/package.json': '{ "name": "typescript", "main": "a.js" }',
      'node_modules/typescript/a.js': 'exports.createSourceFile = () => undefined; exports.version = "own"',
    })
    expect(loadTypescript(repository.directory).version).toBe('own')
    await using other = await scratchRepository({
      // A compiler without an API.
      'node_modules/typescript/package.json': '{ "name": "typescript", "main": "a.js" }',
      'node_modules/typescript/a.js': 'exports.version = "7"',
    })
    expect(loadTypescript(other.directory).version).toMatch(/^\d+\.\d+/)
    const load = () => loadTypescript(other.directory, join(other.directory, 'a.js'))
    expect(load).toThrow(InputError)
    expect(load).toThrow('TypeScript is not installed, and there are files of TypeScript or JavaScript to read')
  })

  test('names that are none, and a path that is not there, are refused with exit code 2', async () => {
    await using repository = await scratchRepository()
    const refused = async (...args: readonly string[]) => {
      const { code, stderr } = await repository.runHere(['references', ...args])
      return [code, stderr.split('\n')[0]]
    }
    expect(await refused('a.b.c', 'd')).toEqual([2, 'godwit: "a.b.c" is no name of a table'])
    expect(await refused('old', 'public.old')).toEqual([2, 'godwit: "old" and "public.old" are the same table'])
    expect(await refused('old', 'fresh', 'nowhere')).toEqual([2, 'godwit: "nowhere" does not exist'])
    const listening = process.stdout.listenerCount('error')
    await refused('a.b.c', 'd')
    expect(process.stdout.listenerCount('error')).toBe(listening)
  })

  test('which places still use a table is told to others too', async () => {
    await using repository = await scratchRepository({ 'a.sql': 'SELECT * FROM old', 'b.ts': `export const tables = ['old']` })
    const uses = await codeUses(repository.directory, 'old', new AbortController().signal)
    expect(uses).toEqual({
      certain: [{ file: 'a.sql', line: 1, column: 15, kind: 'SQL', text: 'old', lineText: 'SELECT * FROM old' }],
      ambiguous: [
        {
          file: 'b.ts',
          line: 1,
          column: 25,
          kind: 'text',
          text: 'old',
          lineText: `export const tables = ['old']`,
          because: 'it is a text that is the name',
        },
      ],
    })
  })
})
