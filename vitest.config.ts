import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^godwit\/vitest$/, replacement: here('./harness/vitest/index.ts') },
      { find: /^godwit\/config$/, replacement: here('./harness/config/index.ts') },
      { find: /^godwit$/, replacement: here('./harness/index.ts') },
    ],
  },
  test: {
    include: ['specs/**/*.spec.ts'],
    benchmark: { include: ['specs/**/*.bench.ts'] },
    globalSetup: ['harness/vitest/global-setup.ts'],
    setupFiles: ['specs/setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
})
