import type { Relation } from '../../catalog/index.ts'
import type { Statement, StatementForm } from '../../data/index.ts'
import { keyAttributes } from '../../lineage/index.ts'
import { quoteIdentifier, quoteLiteral, quoteName } from '../../postgres/index.ts'
import type { ViewLimit } from './model.ts'

/** Something that works on tables and not on every view, with a statement that shows it and changes nothing. */
export interface LimitProbe {
  readonly what: string
  /** Forms of statements that are left out of the sequences where it does not work. */
  readonly forms: readonly StatementForm[]
  readonly statement: Statement
  /** With these the server says that a view cannot do it; any other error is no matter of the view's being one. */
  readonly sqlstates: readonly string[]
  readonly remedy: string
  /** What another kind of view could do. */
  readonly avoidable: boolean
  /** An attribute that no UPDATE of the sequences sets to DEFAULT where it does not work. */
  readonly withoutDefault?: string | undefined
  /** That it counts other rows than the table is the limit; the lists of the sequences meet no row twice then. */
  readonly counts?: boolean | undefined
}

/**
 * What PostgreSQL does on tables only, or only on views that it can write by itself (measured on 15 and 18).
 *
 * @param major  Of the server.
 * @param triggers  Whether the view has INSTEAD OF triggers.
 */
export function limitProbes(relation: Relation, major: number, triggers: boolean): readonly LimitProbe[] {
  const name = quoteName(relation)
  const stored = relation.attributes.filter((each) => each.generated === undefined).map((each) => quoteIdentifier(each.name))
  const all = relation.attributes.map((each) => quoteIdentifier(each.name))
  const always = new Set(relation.attributes.flatMap((each) => (each.identity === 'always' ? [quoteIdentifier(each.name)] : [])))
  const key = keyAttributes(relation)?.map(quoteIdentifier) ?? []
  const constraint = relation.constraints.find((each) => each.kind === 'primary-key' || each.kind === 'unique')
  const serial = relation.attributes.find((each) => each.identity !== undefined || each.default?.startsWith('nextval(') === true)
  const rest = all.find((each) => !key.includes(each))
  const plain = stored.find((each) => !key.includes(each) && !always.has(each))
  const overriding = relation.attributes.some((each) => each.identity !== undefined) ? ' OVERRIDING SYSTEM VALUE' : ''
  const none = `INSERT INTO ${name} (${stored.join(', ')})${overriding} SELECT ${stored.join(', ')} FROM ${name} WHERE false`
  const referring = quoteName({ schema: relation.schema, name: 'godwit_probe' })
  const on = key.map((each) => `t.${each} = s.${each}`).join(' AND ')
  const probe = (
    what: string,
    sql: string | readonly string[],
    sqlstates: readonly string[],
    remedy: string,
    more: Partial<LimitProbe> = {},
  ): LimitProbe => ({
    what,
    forms: [],
    statement: { form: 'select', parts: typeof sql === 'string' ? [sql] : sql },
    sqlstates,
    remedy,
    avoidable: false,
    ...more,
  })
  const probes: (LimitProbe | false)[] = [
    ...relation.attributes.flatMap((each) =>
      each.identity === undefined
        ? []
        : [
            probe(
              `UPDATE … SET ${each.name} = DEFAULT`,
              // Without a row: only what the rewriter says of it is asked.
              `UPDATE ${name} SET ${quoteIdentifier(each.name)} = DEFAULT WHERE false`,
              ['428C9'],
              'Use nextval on the sequence of the table behind the view.',
              { withoutDefault: each.name },
            ),
          ],
    ),
    triggers &&
      plain !== undefined &&
      probe(
        'UPDATE … FROM that meets a row twice',
        `UPDATE ${name} AS t SET ${plain} = t.${plain} FROM (VALUES (1), (2)) AS v(n)`,
        [],
        'A table writes such a row once, an INSTEAD OF trigger is called each time: join to distinct keys, or do without triggers.',
        { counts: true, avoidable: true },
      ),
    probe('TRUNCATE', `TRUNCATE ${name}`, ['42809'], 'Use DELETE, or truncate the table behind the view.', { forms: ['truncate'] }),
    probe(
      'COPY … FROM',
      `COPY ${name} FROM STDIN`,
      ['42809'],
      'Copy into the table behind the view; an INSTEAD OF INSERT trigger would allow it and take ON CONFLICT away.',
      {
        forms: ['copy from'],
        statement: { form: 'copy from', parts: [`COPY ${name} FROM STDIN`], copyData: '' },
      },
    ),
    probe('COPY … TO', `COPY ${name} TO STDOUT`, ['42809'], 'Use COPY (SELECT …) TO.', { forms: ['copy to'] }),
    probe('LOCK TABLE', `LOCK TABLE ${name} IN ACCESS SHARE MODE`, ['42809'], 'Lock the table behind the view.', { forms: ['lock'] }),
    probe(
      'SELECT … FOR UPDATE',
      `SELECT * FROM ${name} FOR UPDATE`,
      ['0A000', '42809'],
      'Make the view from plain columns of one table, so that its rows can be locked.',
      {
        forms: ['select for update'],
        avoidable: true,
      },
    ),
    key.length > 0 &&
      probe(
        'INSERT … ON CONFLICT',
        `${none} ON CONFLICT (${key.join(', ')}) DO NOTHING`,
        ['42P10', '0A000'],
        triggers
          ? 'A view of plain columns of one table supports it if it has no INSTEAD OF triggers.'
          : 'Make the view from plain columns of one table, with the key among them.',
        {
          forms: ['insert on conflict'],
          avoidable: true,
        },
      ),
    constraint !== undefined &&
      probe(
        'ON CONFLICT ON CONSTRAINT',
        `${none} ON CONFLICT ON CONSTRAINT ${quoteIdentifier(constraint.name)} DO NOTHING`,
        ['42704', '42P10', '0A000'],
        'Name the columns instead of the constraint.',
      ),
    key.length > 0 &&
      probe(
        'MERGE',
        `MERGE INTO ${name} AS t USING (SELECT * FROM ${name} WHERE false) AS s ON ${on} WHEN MATCHED THEN DELETE`,
        ['0A000', '42809'],
        major < 17 ? 'MERGE into a view needs PostgreSQL 17; merge into the table behind it.' : 'Merge into the table behind the view.',
        {
          forms: ['merge'],
          avoidable: major >= 17 && triggers,
        },
      ),
    probe(
      'ctid, xmin and tableoid',
      `SELECT t.ctid, t.xmin, t.tableoid FROM ${name} AS t WHERE false`,
      ['42703'],
      'Identify rows by their key, and versions of a row by a column.',
    ),
    key.length > 0 &&
      rest !== undefined &&
      probe(
        'GROUP BY the key alone',
        `SELECT ${key.join(', ')}, ${rest} FROM ${name} GROUP BY ${key.join(', ')}`,
        ['42803'],
        'Name every column after GROUP BY.',
      ),
    key.length > 0 &&
      probe(
        'a foreign key to it',
        [
          `CREATE TABLE ${referring} AS SELECT ${key.join(', ')} FROM ${name} WHERE false`,
          `ALTER TABLE ${referring} ADD FOREIGN KEY (${key.join(', ')}) REFERENCES ${name} (${key.join(', ')})`,
        ],
        ['42809'],
        'Refer to the table behind the view.',
      ),
    probe('TABLESAMPLE', `SELECT 1 FROM ${name} TABLESAMPLE SYSTEM (100)`, ['0A000', '42809'], 'Sample the table behind the view.'),
    probe(
      'WHERE CURRENT OF a cursor',
      [`DECLARE godwit_cursor CURSOR FOR SELECT * FROM ${name}`, `EXPLAIN DELETE FROM ${name} WHERE CURRENT OF godwit_cursor`],
      ['0A000', '42809'],
      'Name the row by its key.',
    ),
    serial !== undefined &&
      probe(
        'pg_get_serial_sequence',
        `SELECT 1 / (pg_catalog.pg_get_serial_sequence(${quoteLiteral(name).trimStart()}, ${quoteLiteral(serial.name).trimStart()}) IS NOT NULL)::integer`,
        ['22012'],
        'Ask for the sequence of the table behind the view, or use RETURNING.',
      ),
  ]
  return probes.filter((each) => each !== false)
}

/** Of views with INSTEAD OF triggers: met by chance, not by a probe. */
export const orderOfChecks: ViewLimit = {
  what: 'an error that names the same one of several violated constraints',
  sqlstate: '',
  remedy:
    'INSTEAD OF triggers check row by row, a table checks the whole statement: do not rely on which violation is reported, or do without triggers.',
  avoidable: true,
}

/** How a limit is reported. */
export function limitOf({ what, remedy, avoidable, statement }: LimitProbe, sqlstate: string): ViewLimit {
  return { what, sqlstate: sqlstate === '22012' ? '' : sqlstate, remedy, avoidable, sql: statement.parts.join(';\n') }
}
