/** A folder of migrations that `init` has found, or assumes. */
export interface FoundFolder {
  readonly name: string
  /** From the directory that it writes into, with slashes. */
  readonly path: string
  readonly format: string
}

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
export function vitestConfigText(): string {
  return lines(
    "import { defineConfig } from 'vitest/config'",
    '',
    'export default defineConfig({',
    '  test: {',
    "    include: ['specs/**/*.spec.ts'],",
    "    globalSetup: ['godwit/vitest/global-setup'],",
    "    reporters: ['default', 'godwit/reporter'],",
    '    testTimeout: 60_000,',
    '  },',
    '})',
  )
}

const installs = {
  'package-lock.json': 'npm ci',
  'pnpm-lock.yaml': 'corepack enable && pnpm install --frozen-lockfile',
  'yarn.lock': 'corepack enable && yarn install --immutable',
} as const

/** Lock files that tell which package manager is at home. */
export const lockFiles = Object.keys(installs) as readonly (keyof typeof installs)[]

/** A workflow for pull requests: what the branch adds is verified, and the report is kept. */
export function workflowText(lockFile: keyof typeof installs | undefined): string {
  const install = lockFile === undefined ? 'npm install' : installs[lockFile]
  return lines(
    'name: migrations',
    'on: pull_request',
    'permissions:',
    '  contents: read',
    'jobs:',
    '  verify:',
    '    runs-on: ubuntu-latest',
    '    steps:',
    '      - uses: actions/checkout@v4',
    '        with:',
    '          # What a branch adds is told from where it left the base.',
    '          fetch-depth: 0',
    '      - uses: actions/setup-node@v4',
    '        with:',
    '          node-version: 22',
    `      - run: ${install}`,
    '      - uses: actions/cache@v4',
    '        with:',
    '          path: .godwit/cache',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub's own syntax
    '          key: godwit-${{ github.sha }}',
    '          restore-keys: godwit-',
    '      - run: npx godwit verify --since "origin/$BASE"',
    '        env:',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub's own syntax
    '          BASE: ${{ github.base_ref }}',
    '      - uses: actions/upload-artifact@v4',
    '        if: always()',
    '        with:',
    '          name: godwit',
    '          path: reports',
  )
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`
}

function lines(...all: readonly string[]): string {
  return `${all.join('\n')}\n`
}
