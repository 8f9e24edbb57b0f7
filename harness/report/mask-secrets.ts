/**
 * Remove passwords from the URLs in a text: `postgres://app:secret@db/x?password=secret` becomes `postgres://app:***@db/x?password=***`.
 *
 * A password may itself hold `@` (the last one before the path ends it), as the URL standard has it.
 *
 * @see https://url.spec.whatwg.org/#authority-state
 */
export function maskSecrets(text: string): string {
  return text.replace(/(:\/\/[^\s:@/?#]*):[^\s/?#]*@/g, '$1:***@').replace(/([?&](?:ssl)?password=)[^\s&#"']*/gi, '$1***')
}

/** The same for every text (keys too) of a plain JSON value; gives a copy. */
export function maskSecretsIn<Value>(value: Value): Value
export function maskSecretsIn(value: unknown): unknown {
  if (typeof value === 'string') return maskSecrets(value)
  if (Array.isArray(value)) return value.map((item) => maskSecretsIn<unknown>(item))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [maskSecrets(key), maskSecretsIn<unknown>(item)]))
  }
  return value
}
