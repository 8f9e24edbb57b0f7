import type { Script } from '../migration/index.ts'

/** What shows that an extension is used; a definition of the same name in the scripts says that it is their own. */
const signs: readonly { readonly extension: string; readonly sign: RegExp; readonly own: RegExp }[] = [
  sign('uuid-ossp', String.raw`\buuid_generate_v[1345]\w*\s*\(`, 'uuid_generate_v'),
  sign('pgcrypto', String.raw`\b(gen_random_bytes|gen_salt|pgp_sym_encrypt|pgp_sym_decrypt)\s*\(`, '(gen_random_bytes|gen_salt|pgp_sym_)'),
  sign('pg_trgm', String.raw`\b(gin_trgm_ops|gist_trgm_ops|word_similarity\s*\()`, '(gin_trgm_ops|word_similarity)'),
  sign('citext', String.raw`["\w)]\s+citext\b|::citext\b`, 'citext'),
  sign('hstore', String.raw`["\w]\s+hstore\b|::hstore\b`, 'hstore'),
  sign('ltree', String.raw`["\w]\s+ltree\b|::ltree\b`, 'ltree'),
  sign('unaccent', String.raw`(?<!\.)\bunaccent\s*\(`, '[\\w."]*unaccent'),
  sign('vector', String.raw`\b(half|sparse)?vec(tor)?\s*\(\s*\d+\s*\)|\bvector_(l2|ip|cosine)_ops\b`, 'vector'),
  sign(
    'postgis',
    String.raw`\bgeometry\s*\(\s*\w*(point|polygon|linestring|geometry)|\bgeography\s*\(\s*\w*(point|polygon|linestring|geometry)|\bst_(point|setsrid|makepoint|dwithin|distance)\s*\(`,
    '(geometry|geography|st_)',
  ),
  sign('pg_cron', String.raw`\bcron\s*\.\s*("?schedule|"?unschedule|"?job\b)`, 'cron'),
  sign('pg_net', String.raw`\bnet\s*\.\s*http_(post|get|delete)\b`, 'net'),
  sign('pgmq', String.raw`\bpgmq\s*\.\s*(create|send|read)\b`, 'pgmq'),
  sign('pg_partman', String.raw`\bpartman\s*\.\s*create_parent\b`, 'partman'),
  sign('timescaledb', String.raw`\bcreate_hypertable\s*\(`, 'create_hypertable'),
]

function sign(extension: string, pattern: string, name: string): (typeof signs)[number] {
  return {
    extension,
    sign: new RegExp(pattern, 'i'),
    own: new RegExp(
      String.raw`\bcreate\s+(or\s+replace\s+)?(function|type|domain|schema|operator\s+class)\s+(if\s+not\s+exists\s+)?("?\w+"?\.)?"?${name}`,
      'i',
    ),
  }
}

/** Extensions that scripts use and nobody creates, as on a server where a DBA or a dashboard did; each with the file that uses it. */
export function impliedExtensions(
  scripts: readonly Script[],
  created: ReadonlySet<string>,
): readonly { readonly name: string; readonly file: string }[] {
  return signs
    .filter(({ extension }) => !created.has(extension))
    .flatMap(({ extension, sign, own }) => {
      const user = scripts.find(({ text }) => sign.test(withoutComments(text)))
      return user === undefined || scripts.some(({ text }) => own.test(text)) ? [] : [{ name: extension, file: user.file }]
    })
}

function withoutComments(text: string): string {
  return text.replace(/--[^\n]*/g, '')
}
