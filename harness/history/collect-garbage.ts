import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** V8 lets its heap grow to what the machine has before it looks for what is no longer used: for hundreds of steps that is most of it. */
const mostHeapBytes = 128 * 1024 * 1024

let collect: (() => void) | undefined

/** Between two steps: free what is no longer used, where that has become much. */
export function collectGarbage(): void {
  if (process.memoryUsage().heapUsed < mostHeapBytes) return
  if (collect === undefined) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
  }
  collect()
}
