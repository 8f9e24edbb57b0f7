import { quoteIdentifier, quoteLiteral, type Session } from '../postgres/index.ts'
import type { CatalogDifference, CatalogObject, CatalogObjects } from './model.ts'
import { scriptPinned } from './settings.ts'

/** Where the parsed texts wait between the statement that makes them and the one that reads them. */
const answer = 'godwit.canonical'

interface Question {
  readonly difference: CatalogDifference
  /** One statement for each side, which makes a temporary view of the text over a relation of that side's shape. */
  readonly sides: readonly [string, string]
}

/**
 * Leave out differences of expressions that the server parses into the same.
 *
 * What `pg_get_expr` writes is a text which, parsed again, can come out as another: `CHECK (s IN ('a'))` on a varchar does. So the two
 * texts of a differing check, default, predicate, policy or view are made into temporary views over an empty relation of the same
 * attributes, and the views are compared after a second parse. All in one message, inside a subtransaction of a DO block that always rolls
 * back: nothing is left, and a text that does not parse (its function is gone) keeps its difference. Where there is no plpgsql, or no right
 * to make temporary relations, every difference is kept.
 */
export async function canonicalExpressions(
  session: Session,
  differences: readonly CatalogDifference[],
  before: CatalogObjects,
  after: CatalogObjects,
): Promise<readonly CatalogDifference[]> {
  const questions = differences.flatMap((difference): Question[] => {
    const key = `${difference.kind} ${difference.path}`
    if (difference.property === undefined) return []
    const [old, now] = [
      viewOf(difference.before, difference.property, before.get(key), before),
      viewOf(difference.after, difference.property, after.get(key), after),
    ]
    return old !== undefined && now !== undefined ? [{ difference, sides: [old, now] }] : []
  })
  if (questions.length === 0 || !after.has('extension plpgsql')) return differences

  const results = await scriptPinned(session, [
    `DO LANGUAGE plpgsql ${quoteLiteral(program(questions))}`,
    `SELECT current_setting('${answer}')`,
  ])
  const texts = JSON.parse(results[1]?.rows[0]?.[0] || '[]') as (string | null)[]
  const same = new Set(
    questions
      .filter((_, at) => typeof texts[2 * at] === 'string' && texts[2 * at] === texts[2 * at + 1])
      .map(({ difference }) => difference),
  )
  return differences.filter((difference) => !same.has(difference))
}

const expressions: ReadonlySet<string> = new Set(['expression', 'default', 'predicate', 'using', 'check'])

/** The statements that make the view `godwit_view` of a text, or undefined for a property that is no expression. */
function viewOf(
  text: string | undefined,
  property: string,
  object: CatalogObject | undefined,
  objects: CatalogObjects,
): string | undefined {
  if (text === undefined || object === undefined) return undefined
  if (property === 'definition' && (object.kind === 'view' || object.kind === 'materialized-view')) {
    return `CREATE TEMPORARY VIEW godwit_view AS ${text.replace(/;\s*$/, '')}`
  }
  if (!expressions.has(property)) return undefined
  if (object.kind === 'domain-constraint') {
    const domain = objects.get(`domain ${object.path.slice(0, object.path.lastIndexOf(' ('))}`)
    // VALUE is a keyword of domain checks only; here it is an attribute of that name.
    const expression = text.replace(/\bVALUE\b/g, '"value"')
    return (
      domain &&
      `CREATE TEMPORARY VIEW godwit_view AS SELECT (${expression}) AS e FROM (SELECT NULL::${domain.properties.type}) AS t (value)`
    )
  }
  if (object.relation === undefined) return `CREATE TEMPORARY VIEW godwit_view AS SELECT (${text}) AS e`
  // By name: an attribute that was dropped and added again stands in another place, and the text of the view names all of them.
  const prefix = [...objects.values()]
    .filter((other) => other.kind === 'attribute' && other.relation === object.relation)
    .sort((one, other) => (one.path < other.path ? -1 : 1))
  const attributes = prefix.map((other) => {
    const collation = other.properties.collation === undefined ? '' : ` COLLATE ${other.properties.collation}`
    return `NULL::${other.properties.type}${collation}`
  })
  const names = prefix.map((other) => quoteIdentifier(other.attribute ?? ''))
  // A policy may name its relation.
  const alias = quoteIdentifier(nameOf(object.relation))
  const from = prefix.length === 0 ? '' : ` FROM (SELECT ${attributes.join(', ')}) AS ${alias} (${names.join(', ')})`
  return `CREATE TEMPORARY VIEW godwit_view AS SELECT (${text}) AS e${from}`
}

function nameOf(path: string): string {
  const last = /("(?:[^"]|"")*"|[^".]*)$/.exec(path)?.[0] ?? path
  return last.startsWith('"') ? last.slice(1, -1).replaceAll('""', '"') : last
}

/**
 * The plpgsql that parses every text twice (the view's own text makes a second view) and hands out the outcome. Variables outlive the
 * subtransaction that the exception rolls back. Event triggers stay quiet where the role may quieten them.
 */
function program(questions: readonly Question[]): string {
  const parse = (statement: string) => `
    parsed := NULL;
    BEGIN
      EXECUTE ${quoteLiteral(statement)};
      again := rtrim(pg_get_viewdef('pg_temp.godwit_view'::regclass), '; ');
      EXECUTE 'CREATE TEMPORARY VIEW godwit_again AS ' || again;
      parsed := pg_get_viewdef('pg_temp.godwit_again'::regclass);
      RAISE EXCEPTION USING ERRCODE = 'GW000';
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
    answers := answers || parsed;`
  return `
  DECLARE answers text[] := '{}'; parsed text; again text;
  BEGIN
    BEGIN
      BEGIN
        PERFORM set_config('session_replication_role', 'replica', true);
      EXCEPTION WHEN insufficient_privilege THEN NULL;
      END;
      ${questions
        .flatMap((question) => question.sides)
        .map(parse)
        .join('\n')}
      RAISE EXCEPTION USING ERRCODE = 'GW000';
    EXCEPTION WHEN SQLSTATE 'GW000' THEN NULL;
    END;
    PERFORM set_config('${answer}', to_json(answers)::text, true);
  END`
}
