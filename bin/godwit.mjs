#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

// Before anything is loaded: what is below does not parse on an older Node.js, and its message would say nothing.
const needed = [20, 19]
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  process.stderr.write(`godwit: Node.js ${needed.join('.')} or later is needed, and this is ${process.versions.node}\n`)
  process.exit(3)
}

// A checkout runs its own source, so that what is edited is what runs; a published package has only dist/.
const source = new URL('../harness/cli/main.ts', import.meta.url)
if (existsSync(source)) {
  const { register } = await import('tsx/esm/api')
  register({ tsconfig: fileURLToPath(new URL('../tsconfig.json', import.meta.url)) })
  await import(source.href)
} else {
  // From 22 on Node.js keeps what it compiled, beside other temporary files: the next command begins a tenth of a second sooner.
  const { default: module } = await import('node:module')
  module.enableCompileCache?.()
  await import(new URL('../dist/cli/main.js', import.meta.url).href)
}
