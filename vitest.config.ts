import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^godwit\/reporter$/, replacement: here('./harness/vitest/reporter.ts') },
      { find: /^godwit\/vitest$/, replacement: here('./harness/vitest/index.ts') },
      { find: /^godwit\/config$/, replacement: here('./harness/config/index.ts') },
      { find: /^godwit$/, replacement: here('./harness/index.ts') },
    ],
  },
  test: {
    include: ['specs/**/*.spec.ts'],
    benchmark: { include: ['specs/**/*.bench.ts'], reporters: ['default', './harness/vitest/reporter.ts'] },
    globalSetup: ['specs/build-command.ts', 'harness/vitest/global-setup.ts'],
    setupFiles: ['specs/setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // Loading the harness anew for each file takes longer than many a file's tests.
    isolate: false,
    // Naming reporters takes away those that Vitest would choose by itself.
    reporters: ['default', './harness/vitest/reporter.ts', ...(process.env.GITHUB_ACTIONS === 'true' ? ['github-actions'] : [])],
    // What our specs verify is not what the step around them verifies.
    env: { GITHUB_ACTIONS: '', GITHUB_STEP_SUMMARY: '' },
  },
})
