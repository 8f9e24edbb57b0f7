import { quoteLiteral, type RelationName } from '../../postgres/index.ts'
import type { KeptColumn, Move, TablePlan } from './model.ts'
import { identifier, qualified } from './names.ts'
import { literalOf, regclass } from './render-rights.ts'
import { replaceColumns } from './replace-columns.ts'

/** The function that writes through the view; undefined where PostgreSQL does so by itself. */
export function triggerFunction({ legacy, to, triggers }: TablePlan): RelationName | undefined {
  return triggers ? { schema: to.schema, name: `write_${legacy.name}` } : undefined
}

/** INSTEAD OF triggers that write a row of the view into the new table; nothing where PostgreSQL does so by itself. */
export function renderTrigger(plan: TablePlan): readonly string[] {
  const name = triggerFunction(plan)
  if (name === undefined) return []
  const { legacy } = plan
  const own = new Body(plan)
  return [
    `CREATE FUNCTION ${qualified(name)}() RETURNS trigger LANGUAGE plpgsql${plan.rights === 'owner' ? ` SECURITY DEFINER SET search_path = ${identifier(plan.to.schema)}, pg_temp` : ''} AS $write$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM ${qualified(plan.to)} WHERE ${own.found()};
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
        RETURN OLD;
    END IF;
${own.demands()}${own.generated()}
    IF TG_OP = 'INSERT' THEN
${own.insert()}
    ELSE
${own.update()}
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;${own.updateMoved()}
    END IF;
    RETURN NEW;
END $write$;`,
    `CREATE TRIGGER ${identifier(name.name)} INSTEAD OF INSERT OR UPDATE OR DELETE ON ${qualified(legacy)}
FOR EACH ROW EXECUTE FUNCTION ${qualified(name)}();`,
    ...(plan.rights === 'owner' ? [renderOwner(name, plan.to)] : []),
  ]
}

/** What a row must not be. */
interface Demand {
  /** A condition in parentheses. */
  readonly broken: string
  readonly message: string
  readonly using: string
}

/** Columns of the new table, and what is written into each. */
type Written = readonly (readonly [column: string, value: string])[]

class Body {
  readonly #plan: TablePlan

  constructor(plan: TablePlan) {
    this.#plan = plan
  }

  found(): string {
    return this.#plan.key.map(({ column, attribute }) => `${identifier(column)} = OLD.${identifier(attribute.name)}`).join(' AND ')
  }

  /** What the table demanded of columns that it has no more, with its SQLSTATE and names; what it generates is asked first, as there. */
  demands(): string {
    const generated = this.#kept(({ attribute }) => attribute.generated !== undefined).map(({ attribute: { name } }): Demand => {
      const [old, now] = [`OLD.${identifier(name)}`, ofNew(name)]
      return {
        broken: `(CASE TG_OP WHEN 'INSERT' THEN ${now} IS NOT NULL ELSE ${now} IS DISTINCT FROM ${old} END)`,
        message: `column "${name}" of relation "${this.#plan.legacy.name}" is a generated column`,
        using: `ERRCODE = 'generated_always'`,
      }
    })
    const kept = this.#keptDemands()
    const raises = (demands: readonly Demand[], indent: string) => demands.map((each) => this.#raise(each, indent))
    if (kept.length === 0 || !this.#looksBefore()) return raises([...generated, ...kept], ' '.repeat(4)).join('\n')
    const block = `    IF ${kept.map(({ broken }) => broken).join('\n        OR ')} THEN
        -- Policies and triggers of the table come before its constraints: their errors, too.
        BEGIN
            IF TG_OP = 'INSERT' THEN
${this.#insertStatement(this.#writtenKept(), ' '.repeat(16))};
            ELSE
${this.#updateStatement(this.#writtenKept(), ' '.repeat(16))};
                IF NOT FOUND THEN
                    RETURN NULL;
                END IF;
            END IF;
        EXCEPTION WHEN integrity_constraint_violation THEN
            NULL;
        END;
${raises(kept, ' '.repeat(8)).join('\n')}
    END IF;`
    return [...raises(generated, ' '.repeat(4)), block].join('\n')
  }

  #keptDemands(): readonly Demand[] {
    const { legacy, conversions, remade } = this.#plan
    const missing = conversions.flatMap(({ old }) =>
      old.flatMap(({ attribute: { name, notNull } }): readonly Demand[] => {
        const message = `null value in column "${name}" of relation "${legacy.name}" violates not-null constraint`
        return notNull
          ? [{ broken: `(${ofNew(name)} IS NULL)`, message, using: `ERRCODE = 'not_null_violation', COLUMN = ${literal(name)}` }]
          : []
      }),
    )
    const checks = remade.constraints.flatMap(({ kind, name, expression }): readonly Demand[] => {
      if (kind !== 'check' || expression === undefined) return []
      const message = `new row for relation "${legacy.name}" violates check constraint "${name}"`
      const broken = `(NOT (${replaceColumns(expression, `the check "${name}"`, ofNew)}))`
      return [{ broken, message, using: `ERRCODE = 'check_violation', CONSTRAINT = ${literal(name)}` }]
    })
    return [...missing, ...checks]
  }

  #raise({ broken, message, using }: Demand, indent: string): string {
    const { schema, name } = this.#plan.legacy
    return `${indent}IF ${broken} THEN
${indent}    RAISE EXCEPTION USING MESSAGE = ${literal(message)}, ${using}, SCHEMA = ${literal(schema)}, TABLE = ${literal(name)};
${indent}END IF;`
  }

  /** Whether the table looks at a row before its constraints do. */
  #looksBefore(): boolean {
    return this.#plan.legacy.rowSecurity.enabled || this.#changesRows()
  }

  /** A role that only inserts may not read back. */
  insert(): string {
    const written = [...this.#writtenKept(), ...this.#writtenConverted()]
    const statement = (indent: string, end: string) => `${this.#insertStatement(written, indent)}${end};${this.#insertMoved(indent)}`
    const returning = this.#returning(' '.repeat(12))
    if (returning === '') return statement(' '.repeat(8), '')
    return `        IF has_table_privilege(${literal(qualified(this.#plan.to))}, 'SELECT') THEN
${statement(' '.repeat(12), returning)}
        ELSE
${statement(' '.repeat(12), '')}
        END IF;`
  }

  update(): string {
    const indent = ' '.repeat(8)
    return `${this.#updateStatement([...this.#writtenKept(), ...this.#writtenConverted()], indent)}${this.#returning(indent)};`
  }

  /** The rows in other tables, once the row to which they belong is there; DELETE cascades to them. */
  #insertMoved(indent: string): string {
    return this.#plan.moves
      .map((move) => {
        const written = [...keyWritten(move), ...movedWritten(move)]
        return `\n${indent}INSERT INTO ${qualified(move.table)} (${written.map(([column]) => column).join(', ')})
${indent}VALUES (${written.map(([, value]) => value).join(', ')});`
      })
      .join('')
  }

  /** A row that is missing there shows NULLs, and is inserted when it gets a value. */
  updateMoved(): string {
    return this.#plan.moves
      .map((move) => {
        const [key, written] = [keyWritten(move), movedWritten(move)]
        const all = [...key, ...written]
        return `
        UPDATE ${qualified(move.table)}
        SET ${written.map(([column, value]) => `${column} = ${value}`).join(',\n            ')}
        WHERE ${key.map(([column, value]) => `${column} = ${value}`).join(' AND ')};
        IF NOT FOUND AND (${written.map(([, value]) => `${value} IS NOT NULL`).join(' OR ')}) THEN
            INSERT INTO ${qualified(move.table)} (${all.map(([column]) => column).join(', ')})
            VALUES (${all.map(([, value]) => value).join(', ')});
        END IF;`
      })
      .join('')
  }

  #insertStatement(written: Written, indent: string): string {
    return `${indent}INSERT INTO ${qualified(this.#plan.to)} (${written.map(([column]) => column).join(', ')})
${indent}VALUES (${written.map(([, value]) => value).join(', ')})`
  }

  #updateStatement(written: Written, indent: string): string {
    const sets = written.map(([column, value]) => `${column} = ${value}`)
    return `${indent}UPDATE ${qualified(this.#plan.to)}
${indent}SET ${sets.join(`,\n${indent}    `)}
${indent}WHERE ${this.found()}`
  }

  /** What the table generates of the other columns, for RETURNING. */
  generated(): string {
    return this.#kept(({ attribute }) => attribute.generated !== undefined)
      .map(
        ({ attribute: { name, default: made = 'NULL' } }) =>
          `\n    NEW.${identifier(name)} := ${replaceColumns(made, `the generated column "${name}"`, ofNew)};`,
      )
      .join('')
  }

  #writtenKept(): Written {
    return this.#kept(({ attribute }) => attribute.generated === undefined).map(
      ({ column, attribute }) => [identifier(column), ofNew(attribute.name)] as const,
    )
  }

  #writtenConverted(): Written {
    return this.#plan.conversions.flatMap(({ old, new: added }) =>
      old.length === 0
        ? []
        : added.map(
            ({ name, value, type }) => [identifier(name), `(${replaceColumns(value, `the value of "${name}"`, ofNew)})::${type}`] as const,
          ),
    )
  }

  /** What triggers of the table make of a row is read back, and nothing else. */
  #returning(indent: string): string {
    if (!this.#changesRows()) return ''
    const columns = this.#plan.columns.filter((each) => each.kind === 'kept' || each.joined === undefined)
    const values = columns.map((each) => (each.kind === 'kept' ? identifier(each.column) : `(${each.back})::${each.attribute.type}`))
    const into = columns.map(({ attribute }) => ofNew(attribute.name))
    return `\n${indent}RETURNING ${values.join(', ')}\n${indent}INTO ${into.join(', ')}`
  }

  #changesRows(): boolean {
    return this.#plan.legacy.triggers.some(
      ({ definition, enabled }) => enabled !== 'disabled' && /^CREATE TRIGGER .* BEFORE .* FOR EACH ROW/.test(definition),
    )
  }

  #kept(wanted: (column: KeptColumn) => boolean): readonly KeptColumn[] {
    return this.#plan.columns.flatMap((each) => (each.kind === 'kept' && wanted(each) ? [each] : []))
  }
}

function keyWritten({ key }: Move): Written {
  return key.map(({ column, name }) => [identifier(name), ofNew(column.attribute.name)] as const)
}

function movedWritten({ columns }: Move): Written {
  return columns.map(({ attribute, name }) => [identifier(name), ofNew(attribute.name)] as const)
}

/** It runs with the rights of the table's owner, whoever runs the migration. */
function renderOwner(name: RelationName, table: RelationName): string {
  return `DO $owner$
BEGIN
    EXECUTE format('ALTER FUNCTION %s() OWNER TO %I', ${literalOf(name)}, (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = ${regclass(table)}));
END $owner$;`
}

function ofNew(name: string): string {
  return `NEW.${identifier(name)}`
}

function literal(text: string): string {
  return quoteLiteral(text).trimStart()
}
