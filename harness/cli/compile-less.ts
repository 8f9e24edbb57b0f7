import { setFlagsFromString } from 'node:v8'

/** No function has this index. */
const noFunction = 1_000_000_000
const parserAsItIs = `--wasm-tier-up-filter=${noFunction}`

/** By the major version of V8; of a flag that it does not know it complains on standard error. */
const flags: Readonly<Record<string, readonly string[]>> = {
  11: [parserAsItIs, '--interrupt-budget=540000'],
  12: [parserAsItIs, '--invocation-count-for-turbofan=12000'],
  13: [parserAsItIs, '--invocation-count-for-turbofan=12000'],
}

/**
 * Have V8 compile less for speed, as a command lives for seconds, in which its compilers take the cores that the server needs too:
 * JavaScript four times later, and the parser of SQL not at all. V8 takes 0.4 s for its largest function, on Node.js 24 with 600 MB, and
 * parses no faster afterwards.
 */
export function compileLess(): void {
  for (const flag of flags[process.versions.v8.split('.')[0] ?? ''] ?? []) setFlagsFromString(flag)
}
