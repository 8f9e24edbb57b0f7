import { execFile } from 'node:child_process'
import { readFile, symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../formats/folder.ts'

const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, rewriteRelativeImportExtensions: true }

async function built(file: string): Promise<string> {
  return ts.transpileModule(await readFile(file, 'utf8'), { compilerOptions }).outputText
}

test('a contract loads where Node knows no TypeScript, with the package itself for "godwit"', async () => {
  await using folder = await temporaryFolder({
    'package.json': '{ "type": "module" }',
    'dist/index.js': 'export const defineContract = (contract) => ({ ...contract, through: "dist" })',
    'dist/errors.js': await built('harness/errors.ts'),
    'dist/package.js': await built('harness/package.ts'),
    'dist/migration/by-sucrase.js': await built('harness/migration/by-sucrase.ts'),
    'dist/migration/import-module.js': await built('harness/migration/import-module.ts'),
    'main.js': `import { importModule } from './dist/migration/import-module.js'
      const loaded = await importModule(process.argv[2], 'contract.ts').catch((error) => ({ default: error.message }))
      console.log(JSON.stringify(loaded.default))`,
    'contract.ts': `import { defineContract, type Contract } from 'godwit'
      enum Kind { One = 'one' }
      const contract: Contract = { idempotent: Kind.One }
      export default defineContract(contract)`,
    'commonjs/package.json': '{}',
    'commonjs/contract.ts': "import { defineContract } from 'godwit'; export default defineContract({})",
    'later.ts': `const place: string = import.meta.url
      const { default: other } = await import('./contract.ts')
      export default { ...other, place: place.slice(-8), awaited: await Promise.resolve<number>(1) }`,
    'decorated.ts': `function once<This>(of: This, _: ClassMethodDecoratorContext): This { return of }
      class Plan { @once static runs(): number { return 3 } }
      export default { runs: Plan.runs() }`,
    'awaits.ts': `const runs = await Promise.resolve(2)
      namespace Limits { export const rows = 5 }
      export default { runs, rows: Limits.rows satisfies number }`,
    'throws.ts': "const a: string = 'no x'; throw new Error(a)",
    'bad.ts': 'export default {',
  })
  await symlink(resolve('node_modules'), join(folder.path, 'node_modules'))
  const load = async (name: string, vitest = ''): Promise<unknown> => {
    const env = { ...process.env, VITEST: vitest }
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder.path, 'main.js'), join(folder.path, name)], { env })
    return JSON.parse(stdout)
  }
  expect(await load('contract.ts')).toEqual({ idempotent: 'one', through: 'dist' })
  expect(await load('contract.ts', 'true')).toEqual({ idempotent: 'one', through: 'dist' })
  expect(await load('commonjs/contract.ts')).toEqual({ through: 'dist' })
  expect(await load('later.ts')).toEqual({ idempotent: 'one', through: 'dist', place: 'later.ts', awaited: 1 })
  expect(await load('awaits.ts')).toEqual({ runs: 2, rows: 5 })
  expect(await load('decorated.ts')).toEqual({ runs: 3 })
  expect(await load('throws.ts')).toBe('"contract.ts" does not load: no x')
  expect(await load('bad.ts')).toMatch(/^"contract\.ts" does not load: /)
  expect(await load('absent.ts')).toMatch(/^"contract\.ts" does not load: /)
})
