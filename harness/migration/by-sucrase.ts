import type { TransformOptions } from 'jiti'
import { transform } from 'sucrase'

/** What Babel alone knows: `import.meta`, imports made at run time, namespaces, decorators. */
const forBabel = /\bimport\s*[.(]|\b(namespace|module)\s+[\w.]+\s*\{|@\w/

/** Babel takes 0.2 s to load: what Sucrase can rewrite, it does. A syntax error is left to Babel, which tells it well. */
export function bySucrase({ source, ts = false }: TransformOptions): string | undefined {
  if (forBabel.test(source)) return undefined
  try {
    return transform(source, { transforms: ts ? ['typescript', 'imports'] : ['imports'], disableESTransforms: true }).code
  } catch {
    return undefined
  }
}
