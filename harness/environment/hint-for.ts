import type { Failure } from '../migration/index.ts'
import type { Definition } from './definitions.ts'
import type { Environment } from './model.ts'

/** Names by which a platform or an extension is known, with what makes them. */
const known: readonly { readonly name: RegExp; readonly maker: { readonly prelude: string } | { readonly extension: string } }[] = [
  {
    name: /^(anon|authenticated|service_role|authenticator|supabase_\w+|dashboard_user|auth|storage|vault|realtime|graphql_public|supabase_functions)$/,
    maker: { prelude: 'supabase' },
  },
  { name: /^(uuid_generate_v[1345]|uuid_nil|uuid_ns_\w+)$/, maker: { extension: 'uuid-ossp' } },
  { name: /^(gen_random_bytes|crypt|gen_salt|digest|hmac|pgp_\w+|armor)$/, maker: { extension: 'pgcrypto' } },
  { name: /^(similarity|word_similarity|show_trgm|g(in|ist)_trgm_ops)$/, maker: { extension: 'pg_trgm' } },
  { name: /^(citext|hstore|ltree|cube|unaccent|seg|isbn|vector)$/, maker: { extension: '' } },
  { name: /^(halfvec|sparsevec|hnsw|ivfflat|(half|sparse)?vec(tor)?_\w+_ops)$/, maker: { extension: 'vector' } },
  { name: /^(geometry|geography|box2d|box3d|raster|st_\w+|postgis\w*|spatial_ref_sys)$/, maker: { extension: 'postgis' } },
  { name: /^(cron)$/, maker: { extension: 'pg_cron' } },
  { name: /^(net)$/, maker: { extension: 'pg_net' } },
  { name: /^(partman)$/, maker: { extension: 'pg_partman' } },
  { name: /^(create_hypertable|time_bucket|add_retention_policy)$/, maker: { extension: 'timescaledb' } },
  { name: /^(crosstab\w*|connectby|normal_rand)$/, maker: { extension: 'tablefunc' } },
  { name: /^(levenshtein\w*|soundex|metaphone|dmetaphone\w*)$/, maker: { extension: 'fuzzystrmatch' } },
  { name: /^(earth_distance|ll_to_earth|earth_box)$/, maker: { extension: 'earthdistance' } },
  { name: /^(moddatetime)$/, maker: { extension: 'moddatetime' } },
]

type Hinting = Pick<Environment, 'preludes' | 'skipped' | 'missing' | 'definitions'>

/** What a reader can do about an object that is not there, or a right that is missing; undefined where nothing is known. */
export function hintFor(failure: Failure, environment: Hinting): string | undefined {
  const extension = /extension "([^"]+)"/.exec(failure.message)?.[1]
  if (extension !== undefined && /^(0A000|58P01|42501|42704)$/.test(failure.sqlstate)) return extensionHint(extension, failure, environment)
  const missing = missingObject(failure)
  if (missing === undefined) return rightsHint(failure)
  for (const name of missing.names) {
    const maker = known.find((each) => each.name.test(name))?.maker
    const hint =
      maker === undefined
        ? undefined
        : 'prelude' in maker
          ? preludeHint(maker.prelude, environment)
          : needsHint(maker.extension || name, environment)
    if (hint !== undefined) return hint
  }
  return definitionHint(missing, failure, environment)
}

interface Missing {
  readonly kind: Definition['kind'] | 'other'
  /** The schema, where there is one, before the name itself. */
  readonly names: readonly string[]
}

/** What the server says is not there: only its words name it. */
function missingObject({ sqlstate, message }: Failure): Missing | undefined {
  if (!['42P01', '42704', '42883', '3F000'].includes(sqlstate)) return undefined
  const quoted = /(relation|type|schema|role|access method|operator class|sequence|table|view|publication|collation) "((?:[^"]|"")+)"/.exec(
    message,
  )
  const called = /(function|procedure) ([^(\s]+)\(/.exec(message)
  const [word, path] = quoted?.slice(1) ?? called?.slice(1) ?? []
  if (word === undefined || path === undefined) return undefined
  const kind =
    word === 'type' || word === 'schema' || word === 'role' || word === 'function'
      ? word
      : word === 'procedure'
        ? 'function'
        : /relation|sequence|table|view/.test(word)
          ? 'relation'
          : 'other'
  return { kind, names: path.replaceAll('"', '').split('.') }
}

function preludeHint(prelude: string, { preludes }: Pick<Hinting, 'preludes'>): string | undefined {
  if (preludes.includes(prelude)) return undefined
  return `On Supabase the platform makes it: --prelude ${prelude} does so here. Anything else that must be there beforehand can be made by an SQL file: --prelude FILE.`
}

function needsHint(extension: string, { skipped, missing }: Hinting): string {
  if (skipped.includes(extension)) return `It belongs to the extension "${extension}", which was skipped.`
  if (missing.some(({ name }) => name === extension)) return `It belongs to the extension "${extension}", which is not on this server.`
  return `It belongs to the extension "${extension}": no step creates it before, or it is in a schema that is not searched. A file given by --prelude can create it.`
}

function extensionHint(name: string, failure: Failure, { missing }: Hinting): string | undefined {
  if (failure.sqlstate === '42501') return `Only a superuser creates the extension "${name}": do it in a file given by --prelude.`
  if (failure.sqlstate === '42704' && !missing.some((each) => each.name === name)) return undefined
  return `Use a server that has the extension "${name}" (--postgres docker:IMAGE or a URL), or leave out what depends on it: --skip-extension ${name}.`
}

/** Made later, or nowhere. */
function definitionHint({ kind, names }: Missing, failure: Failure, { definitions }: Hinting): string | undefined {
  const name = names.at(-1)
  const found = definitions().find((each) => each.kind === kind && each.name === name)
  if (found === undefined) {
    return kind === 'other'
      ? 'What must be there beforehand can be made by an SQL file: --prelude FILE.'
      : `No step makes the ${kind} "${name}". What must be there beforehand can be made by an SQL file: --prelude FILE.`
  }
  if (found.file === failure.file && found.line <= failure.line) return undefined
  return `The ${kind} "${name}" is made by ${found.file}:${found.line}: is the order of the steps right?`
}

function rightsHint({ sqlstate }: Failure): string | undefined {
  if (sqlstate !== '42501') return undefined
  return "The steps run as a role that is no superuser, as a team's migrations should: --run-as ROLE names another, and what only a superuser may do belongs into a file given by --prelude."
}
