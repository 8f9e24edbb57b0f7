import type { Constraint } from '../../catalog/index.ts'
import { quoteLiteral, type RelationName } from '../../postgres/index.ts'
import type { KeptColumn, TablePlan } from './model.ts'
import { identifier, qualified } from './names.ts'
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
    `CREATE FUNCTION ${qualified(name)}() RETURNS trigger LANGUAGE plpgsql AS $write$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM ${qualified(plan.to)} WHERE ${own.found()};
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
        RETURN OLD;
    END IF;
${own.demands()}
    IF TG_OP = 'INSERT' THEN
${own.insert()}
    ELSE
${own.update()}
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
    END IF;
    RETURN NEW;
END $write$;`,
    `CREATE TRIGGER ${identifier(name.name)} INSTEAD OF INSERT OR UPDATE OR DELETE ON ${qualified(legacy)}
FOR EACH ROW EXECUTE FUNCTION ${qualified(name)}();`,
  ]
}

class Body {
  readonly #plan: TablePlan

  constructor(plan: TablePlan) {
    this.#plan = plan
  }

  found(): string {
    return this.#plan.key.map(({ column, attribute }) => `${identifier(column)} = OLD.${identifier(attribute.name)}`).join(' AND ')
  }

  /** What the table demanded of columns that it has no more, with its SQLSTATE and names. */
  demands(): string {
    const { legacy, conversions, remade } = this.#plan
    const place = `SCHEMA = ${literal(legacy.schema)}, TABLE = ${literal(legacy.name)}`
    const raise = (condition: string, message: string, using: string) => `    IF (${condition}) THEN
        RAISE EXCEPTION USING MESSAGE = ${literal(message)}, ${using}, ${place};
    END IF;`
    const missing = conversions
      .flatMap(({ old }) => old)
      .filter(({ attribute }) => attribute.notNull)
      .map(({ attribute: { name } }) =>
        raise(
          `NEW.${identifier(name)} IS NULL`,
          `null value in column "${name}" of relation "${legacy.name}" violates not-null constraint`,
          `ERRCODE = 'not_null_violation', COLUMN = ${literal(name)}`,
        ),
      )
    const checks = remade.constraints.flatMap((each) =>
      each.kind !== 'check'
        ? []
        : raise(
            `NOT (${this.#ofRow(each)})`,
            `new row for relation "${legacy.name}" violates check constraint "${each.name}"`,
            `ERRCODE = 'check_violation', CONSTRAINT = ${literal(each.name)}`,
          ),
    )
    const generated = this.#kept(({ attribute }) => attribute.generated !== undefined).map(({ attribute: { name } }) =>
      raise(
        `CASE TG_OP WHEN 'INSERT' THEN NEW.${identifier(name)} IS NOT NULL ELSE NEW.${identifier(name)} IS DISTINCT FROM OLD.${identifier(name)} END`,
        `column "${name}" of relation "${legacy.name}" is a generated column`,
        `ERRCODE = 'generated_always'`,
      ),
    )
    return [...generated, ...missing, ...checks].join('\n')
  }

  insert(): string {
    const written = this.#written()
    return `        INSERT INTO ${qualified(this.#plan.to)} (${written.map(([column]) => column).join(', ')})
        VALUES (${written.map(([, value]) => value).join(', ')})${this.#returning()};`
  }

  update(): string {
    return `        UPDATE ${qualified(this.#plan.to)}
        SET ${this.#written()
          .map(([column, value]) => `${column} = ${value}`)
          .join(',\n            ')}
        WHERE ${this.found()}${this.#returning()};`
  }

  #written(): readonly (readonly [column: string, value: string])[] {
    const { conversions } = this.#plan
    return [
      ...this.#kept(({ attribute }) => attribute.generated === undefined).map(
        ({ column, attribute }) => [identifier(column), `NEW.${identifier(attribute.name)}`] as const,
      ),
      ...conversions.flatMap(({ old, new: added }) =>
        old.length === 0
          ? []
          : added.map(
              ({ name, value, type }) =>
                [identifier(name), `(${replaceColumns(value, `the value of "${name}"`, ofNew)})::${type}`] as const,
            ),
      ),
    ]
  }

  /** What the table itself puts into a row is read back, and nothing else: reading needs a right that a role that only writes has not. */
  #returning(): string {
    const { legacy, columns } = this.#plan
    const changes = legacy.triggers.some(
      ({ definition, enabled }) => enabled !== 'disabled' && /^CREATE TRIGGER .* BEFORE .* FOR EACH ROW/.test(definition),
    )
    const read = changes ? columns : columns.filter(({ attribute }) => attribute.generated !== undefined)
    if (read.length === 0) return ''
    const values = read.map((each) => (each.kind === 'kept' ? identifier(each.column) : `(${each.back})::${each.attribute.type}`))
    const into = read.map(({ attribute }) => `NEW.${identifier(attribute.name)}`)
    return `\n        RETURNING ${values.join(', ')}\n        INTO ${into.join(', ')}`
  }

  #kept(wanted: (column: KeptColumn) => boolean): readonly KeptColumn[] {
    return this.#plan.columns.flatMap((each) => (each.kind === 'kept' && wanted(each) ? [each] : []))
  }

  #ofRow({ expression = 'true', name }: Constraint): string {
    return replaceColumns(expression, `the check "${name}"`, ofNew)
  }
}

function ofNew(name: string): string {
  return `NEW.${identifier(name)}`
}

function literal(text: string): string {
  return quoteLiteral(text).trimStart()
}
