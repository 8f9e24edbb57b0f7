/** A folder of migrations that `init` has found, or assumes. */
export interface FoundFolder {
  readonly name: string
  /** From the directory that it writes into, with slashes. */
  readonly path: string
  readonly format: string
}

/** Of a module: in a package that is not of type `module`, a `.ts` file is CommonJS, which cannot load ours. */
export type ScriptExtension = 'ts' | 'mts'

const header = '// What else may stand here: docs/configuration.md of godwit.'

/** The first `godwit.config.ts`: what was found, and nothing that is a default. */
export function configText(found: readonly FoundFolder[]): string {
  const [only] = found
  const body =
    found.length > 1
      ? ['  projects: [', ...found.map(({ name, path }) => `    { name: ${quoted(name)}, path: ${quoted(path)} },`), '  ],']
      : [`  path: ${quoted(only?.path ?? '')},`]
  return lines(header, "import { defineConfig } from 'godwit/config'", '', 'export default defineConfig({', ...body, '})')
}

/** The first spec: a suite for each folder. */
export function specText(found: readonly FoundFolder[]): string {
  const suites = found.map(({ path }) => `describeMigration(${quoted(path)})`)
  return lines("import { describeMigration } from 'godwit/vitest'", '', ...suites)
}

/** What Vitest needs to know to give all specs one cluster. */
export function vitestConfigText(extension: ScriptExtension): string {
  return lines(
    "import { defineConfig } from 'vitest/config'",
    '',
    'export default defineConfig({',
    '  test: {',
    `    include: ['specs/**/*.spec.${extension}'],`,
    "    globalSetup: ['godwit/vitest/global-setup'],",
    "    reporters: ['default', 'godwit/reporter'],",
    '    testTimeout: 60_000,',
    '  },',
    '})',
  )
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`
}

function lines(...all: readonly string[]): string {
  return `${all.join('\n')}\n`
}
