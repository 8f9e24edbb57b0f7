import type { Edit } from './edit.ts'

const at = (file: string) => `migrations/kv-to-tables/${file}`

const run: readonly Edit[] = [
  { claim: 'KV-1', file: at('run/parts.ts'), find: 'withUnknown: true', replace: 'withUnknown: false', test: 'KV-2, KV-3' },
  {
    claim: 'KV-1',
    file: at('run/record-batch.ts'),
    find: 'JSON.stringify(reasons))',
    replace: 'JSON.stringify(reasons.slice(0, 1)))',
    test: 'KV-2, KV-3',
  },
  {
    claim: 'KV-1',
    file: at('run/record-batch.ts'),
    find: "value === null ? 'NULL' : literal(value),",
    replace: "value === null ? 'NULL' : literal(value.slice(0, 100_000)),",
    test: 'what is set aside',
  },
  {
    claim: 'KV-1',
    file: at('run/tally.ts'),
    find: 'if (Number(row?.records) > 0) gone',
    replace: 'if (Number(row?.records) > 1) gone',
    test: 'what is set aside',
  },

  {
    claim: 'KV-2',
    file: at('run/prepare.ts'),
    find: '(value !== null && Object.hasOwn(kind.fields, name))',
    replace: 'Object.hasOwn(kind.fields, name)',
    test: 'KV-3',
  },
  { claim: 'KV-2', file: at('kinds/json.ts'), find: '[\\d.]{16}|', replace: '[\\d.]{40}|', test: 'unchanged' },
  {
    claim: 'KV-2',
    file: at('kinds/sanitize.ts'),
    find: '/\\p{White_Space}/u',
    replace: '/[\\p{White_Space}\\ufeff\\u200b]/u',
    test: 'unchanged',
  },
  {
    claim: 'KV-2',
    file: at('kinds/dates.ts'),
    find: '(year % 100 !== 0 || year % 400 === 0)',
    replace: 'year % 100 !== 0',
    test: 'unchanged',
  },
  { claim: 'KV-2', file: at('kinds/dates.ts'), find: '/^\\d{9,10}$/', replace: '/^\\d{10}$/', test: '29 February' },
  {
    claim: 'KV-2',
    file: at('kinds/fields.ts'),
    find: `short.regex(emailPattern, 'is no e-mail address')`,
    replace: `short.regex(emailPattern, 'is no e-mail address').toLowerCase()`,
    test: 'KV-3',
  },

  {
    claim: 'KV-3',
    file: at('schema.sql'),
    find: '  employee_id uuid REFERENCES employees,',
    replace: '  employee_id uuid,',
    test: 'after any run',
  },
  {
    claim: 'KV-3',
    file: at('schema.sql'),
    find: '  catalog_id uuid NOT NULL REFERENCES catalogs,',
    replace: '  catalog_id uuid NOT NULL,',
    test: 'after any run',
  },
  {
    claim: 'KV-3',
    file: at('run/write-batch.ts'),
    find: '(references[field] ?? null)',
    replace: '(references[field.slice(1)] ?? null)',
    test: 'any store ends',
  },

  {
    claim: 'KV-4',
    file: at('run/mirror.ts'),
    find: 'untried.push(...(await copyForeignKeys(writer, schema, table, there)))',
    replace: '',
    test: 'a foreign key of the team',
  },
  { claim: 'KV-4', file: at('run/parts.ts'), find: `() => 'pg_temp'`, replace: '(live) => live', test: 'on any store a dry run' },
  {
    claim: 'KV-4',
    file: at('run/check-rights.ts'),
    find: 'if (rights.length > 0)',
    replace: 'if (rights.length > 9)',
    test: 'a role that lacks',
  },
  {
    claim: 'KV-4',
    file: at('run/mirror.ts'),
    find: `why: 'it may write to other tables' }`,
    replace: `why: 'unknown' }`,
    test: 'a rule of the team',
  },
  { claim: 'KV-4', file: at('run/pass.ts'), find: 'return rows === 0 ? []', replace: 'return rows >= 0 ? []', test: 'the program says' },

  {
    claim: 'KV-5',
    file: at('run/record-batch.ts'),
    find: 'WHERE rules = $1`',
    replace: `WHERE $1 <> ''\``,
    test: 'made under other options',
  },
  {
    claim: 'KV-5',
    file: at('run/run-migration.ts'),
    find: '!dryRun && !retry; passes',
    replace: 'dryRun && !retry; passes',
    test: 'written during a run',
  },
  {
    claim: 'KV-5',
    file: at('run/run-lock.ts'),
    find: 'if (row?.locked !== true)',
    replace: 'if (row === undefined)',
    test: 'a second run while',
  },
  {
    claim: 'KV-5',
    file: at('run/write-batch.ts'),
    find: "t.updated_at > coalesce(s.updated_at, '-infinity') AS newer, i.id",
    replace: "t.updated_at < coalesce(s.updated_at, '-infinity') AS newer, i.id",
    test: 'when the store changed',
  },
  {
    claim: 'KV-5',
    file: at('run/tally.ts'),
    find: `THEN 'otherwise' END AS place`,
    replace: `THEN 'moved' END AS place`,
    test: 'while the application',
  },
  {
    claim: 'KV-5',
    file: at('run/decide.ts'),
    find: 'present?.digest !== undefined && present.digest === record.digest',
    replace: 'present === undefined',
    test: 'KV-7',
  },

  { claim: 'KV-7', file: at('run/read-store.ts'), find: 'characters < batchCharacters', replace: 'characters >= 0', test: 'by their size' },
  {
    claim: 'KV-7',
    file: at('run/read-store.ts'),
    find: 'if (batch.length > 0) yield batch',
    replace: 'if (batch.length > 9) yield batch',
    test: 'on any store',
  },
  { claim: 'KV-7', file: at('run/read-store.ts'), find: '      characters = 0\n    }', replace: '    }', test: 'by their size' },
]

const commands: readonly Edit[] = [
  {
    claim: 'KV-6',
    file: at('run/run-rollback.ts'),
    find: 'if (first.length === 0) return\n',
    replace: 'if (first.length < 9) return\n',
    test: 'any selection',
  },
  {
    claim: 'KV-6',
    file: at('run/run-rollback.ts'),
    find: 'if (confirm) await writer.query(`DELETE',
    replace: 'if (confirm && kinds.length > 99) await writer.query(`DELETE',
    test: 'any selection',
  },
  {
    claim: 'KV-6',
    file: at('run/run-rollback.ts'),
    find: 'if (confirm && present.length > 0)',
    replace: 'if (confirm && present.length > 9)',
    test: 'under the lock',
  },
  {
    claim: 'KV-6',
    file: at('run/run-rollback.ts'),
    find: '(WHERE source_key IS NULL)',
    replace: '(WHERE source_key IS NULL AND false)',
    test: 'rows that the application made',
  },
  {
    claim: 'KV-6',
    file: at('run/run-rollback.ts'),
    find: 'if (confirm && drop === true && all)',
    replace: 'if (confirm && drop === true && !all)',
    test: 'nothing but the store',
  },
  {
    claim: 'KV-6',
    file: at('run/run-rollback.ts'),
    find: '}`).catch((cause',
    replace: '} CASCADE`).catch((cause',
    test: 'a view of the team',
  },

  {
    claim: 'KV-8',
    file: at('run/read-store.ts'),
    find: 'for await (const read of rows) {',
    replace: 'const held = []; for await (const read of rows) { held.push(Buffer.alloc(40_000 * read.length, 1))',
  },
  {
    claim: 'KV-8',
    file: at('command/results-document.ts'),
    find: 'issue.records += 1',
    replace: 'issue.records += 1; Object.assign(globalThis, { [record.key]: Buffer.alloc(40_000, 1) })',
  },

  {
    claim: 'KV-9',
    file: at('run/backup.ts'),
    find: 'sent.sha256 !== read.sha256 || store.sha256 !== read.sha256',
    replace: 'sent.sha256 !== sent.sha256',
    test: 'read back',
  },
  {
    claim: 'KV-9',
    file: at('run/backup.ts'),
    find: 'if (existsSync(file))',
    replace: 'if (existsSync(file.repeat(2)))',
    test: 'never overwrites',
  },
  {
    claim: 'KV-9',
    file: at('command/progress.ts'),
    find: 'const whole = Math.ceil(seconds)',
    replace: 'const whole = Math.floor(seconds / 2)',
    test: 'a bar',
  },
  { claim: 'KV-9', file: at('command/notify.ts'), find: 'if (!answer.ok)', replace: 'if (answer.status === 418)', test: 'a webhook' },
  {
    claim: 'KV-9',
    file: at('migrate.ts'),
    find: 'if (flags.backup === undefined && flags.dryRun !== true)',
    replace: 'if (flags.backup === undefined && flags.dryRun === true)',
    test: 'asks for',
  },
  {
    claim: 'KV-9',
    file: at('command/notify.ts'),
    find: 'sendMail({ from, to, subject, text })',
    replace: 'sendMail({ from, to, subject })',
    test: 'mail goes',
  },

  {
    claim: 'KV-12',
    file: at('command/results-document.ts'),
    find: 'share.toFixed(2)',
    replace: 'share.toFixed(0)',
    test: 'of a trial has',
  },
  {
    claim: 'KV-12',
    file: at('command/results-document.ts'),
    find: 'const mostKeys = 3',
    replace: 'const mostKeys = 0',
    test: 'of a trial has',
  },
  { claim: 'KV-12', file: at('trial.ts'), find: '{ kinds, confirm: true }', replace: '{ kinds, confirm: false }', test: 'a trial writes' },
  {
    claim: 'KV-12',
    file: at('command/trial-report.ts'),
    find: 'const missing = source - moved - otherwise - setAside',
    replace: 'const missing = source - moved - otherwise',
    test: 'a trial writes',
  },

  { claim: 'KV-13', file: at('migrate.ts'), find: `.option('--verbose',`, replace: `.option('--loud',`, test: 'every option' },
  {
    claim: 'KV-13',
    file: at('trial.ts'),
    find: `.option('--store <table>', 'the store', 'kv_store')`,
    replace: `.option('--store <table>', 'the store', 'kv_store').option('--fast', 'fast')`,
    test: 'every option',
  },
  { claim: 'KV-13', file: at('rollback.ts'), find: `.option('--drop'`, replace: `.option('--drop-all'`, test: 'every option' },
]

export const kvToTables: readonly Edit[] = [...run, ...commands]
