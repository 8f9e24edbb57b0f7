/** A type that values are cast to or stored as, a domain seen through to its base. */
export interface CastType {
  /** Of a built-in type its name in `pg_type` (`int4`, `varchar`), of any other its path. */
  readonly name: string
  /** As they are written: length, precision, scale. */
  readonly modifiers: readonly number[]
  readonly array: boolean
  /** Of an enum: its labels, those it had before a rename too. */
  readonly labels: readonly string[] | undefined
  /** As `format_type` writes it; of a domain, its path. */
  readonly text: string
  /** Of a domain: the trees of its checks, on `value`. */
  readonly checks: readonly unknown[]
}

const written: Readonly<Record<string, string>> = {
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  float4: 'real',
  float8: 'double precision',
  bool: 'boolean',
  varchar: 'character varying',
  bpchar: 'character',
  varbit: 'bit varying',
  char: '"char"',
  timestamptz: 'timestamp with time zone',
  timestamp: 'timestamp without time zone',
  timetz: 'time with time zone',
  time: 'time without time zone',
}

/** A name in `pg_type` with its modifiers, as `format_type` writes it. */
export function formatType(name: string, modifiers: readonly number[], array: boolean): string {
  const long = name === 'bpchar' && modifiers.length === 0 ? 'bpchar' : (written[name] ?? name)
  const inner = name === 'interval' || modifiers.length === 0 ? '' : `(${modifiers.join(',')})`
  // `timestamp(3) with time zone`: the precision stands inside.
  const whole = long.includes(' time zone') ? long.replace(/^\w+/, (word) => `${word}${inner}`) : `${long}${inner}`
  return array ? `${whole}[]` : whole
}

export function isText(type: CastType): boolean {
  return /^(text|varchar|bpchar|name|(.*\.)?citext)$/.test(type.name)
}

export function isInteger(type: CastType): boolean {
  return /^int[248]$/.test(type.name)
}

export function isFloat(type: CastType): boolean {
  return /^float[48]$/.test(type.name)
}

export function isNumber(type: CastType): boolean {
  return isInteger(type) || isFloat(type) || type.name === 'numeric'
}

/** Most characters that it holds, or undefined. */
export function lengthOf(type: CastType): number | undefined {
  return type.name === 'name' ? 63 : /^(varchar|bpchar)$/.test(type.name) ? type.modifiers[0] : undefined
}

/** Of `numeric(p,s)`: digits before the point and after it; undefined where it has no bound. */
export function digitsOf(type: CastType): { readonly whole: number; readonly scale: number } | undefined {
  const [precision, scale = 0] = type.modifiers
  return type.name !== 'numeric' || precision === undefined ? undefined : { whole: precision - scale, scale }
}

const bits: Readonly<Record<string, bigint>> = { int2: 15n, int4: 31n, int8: 63n }

/** The greatest value of an integer type; the least is its negative less one. */
export function mostOf(type: CastType): bigint {
  return 2n ** (bits[type.name] ?? 63n) - 1n
}
