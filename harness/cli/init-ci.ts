import type { FoundFolder } from './init-files.ts'

const installs = {
  'package-lock.json': 'npm ci',
  'pnpm-lock.yaml': 'corepack enable && pnpm install --frozen-lockfile',
  'yarn.lock': 'corepack enable && yarn install --immutable',
} as const

/** Lock files that tell which package manager is at home. */
export const lockFiles = Object.keys(installs) as readonly (keyof typeof installs)[]

/** How a repository's packages are installed; undefined for one without a package.json. */
export interface Install {
  readonly lockFile: (typeof lockFiles)[number] | undefined
}

/** A workflow for pull requests: the action verifies what the branch adds, comments, uploads SARIF, and keeps the reports. */
export function workflowText(found: readonly FoundFolder[], install: Install | undefined): string {
  return lines(
    'name: migrations',
    'on:',
    '  pull_request:',
    ...pathFilter(found),
    'permissions:',
    '  contents: read',
    '  pull-requests: write # for the comment',
    '  security-events: write # for SARIF',
    'jobs:',
    '  verify:',
    '    runs-on: ubuntu-latest',
    '    timeout-minutes: 30',
    '    steps:',
    '      - uses: actions/checkout@v6',
    '        with:',
    '          # What a branch adds is told from where it left the base.',
    '          fetch-depth: 0',
    ...(install === undefined ? [] : installSteps(install)),
    '      - uses: godwit-dev/godwit@v0',
    '        with:',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub's own syntax
    '          since: origin/${{ github.base_ref }}',
    "          comment: 'true'",
    "          sarif: 'true'",
  )
}

function installSteps({ lockFile }: Install): readonly string[] {
  return [
    '      - uses: actions/setup-node@v6',
    '        with:',
    '          node-version: 22',
    `      - run: ${lockFile === undefined ? 'npm install' : installs[lockFile]}`,
  ]
}

/** Only pull requests that change a migration; all of them where the folder is the repository itself. */
function pathFilter(found: readonly FoundFolder[]): readonly string[] {
  if (found.some(({ path }) => path === '.' || path.startsWith('..'))) return []
  const patterns = [...found.map(({ path }) => `${escapedPattern(path)}/**`), 'godwit.*', '.github/workflows/godwit.yml']
  return [
    '    # A check that is required must run for every pull request: leave "paths" out then. Without a new migration it ends at once.',
    '    paths:',
    ...patterns.map((pattern) => `      - '${pattern.replaceAll("'", "''")}'`),
  ]
}

/** What a pattern of GitHub gives a meaning. */
function escapedPattern(path: string): string {
  return path.replaceAll(/[\\*?+[\]!]/g, '\\$&')
}

/** A job for merge requests on GitLab. */
export function gitlabText(found: readonly FoundFolder[], install: Install | undefined): string {
  const own = found.some(({ path }) => path === '.' || path.startsWith('..'))
  return lines(
    'godwit:',
    '  image: node:22',
    '  variables:',
    '    GIT_DEPTH: 0 # What a branch adds is told from where it left the base.',
    '  cache:',
    '    key: godwit',
    '    when: always',
    '    paths: [.godwit/cache, .npm]',
    '  script:',
    ...(install === undefined ? [] : [`    - ${install.lockFile === undefined ? 'npm install' : installs[install.lockFile]}`]),
    '    - npx --yes --cache .npm godwit verify --since "$CI_MERGE_REQUEST_DIFF_BASE_SHA"',
    '  rules:',
    '    - if: $CI_PIPELINE_SOURCE == "merge_request_event"',
    ...(own ? [] : [`      changes: [${found.map(({ path }) => `'${path.replaceAll("'", "''")}/**/*'`).join(', ')}]`]),
    '  artifacts:',
    '    when: always',
    '    paths: [reports]',
    '    reports:',
    '      junit: reports/junit.xml',
    '      codequality: reports/gl-code-quality-report.json',
  )
}

function lines(...all: readonly string[]): string {
  return `${all.join('\n')}\n`
}
