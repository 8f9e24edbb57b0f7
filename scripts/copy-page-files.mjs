// tsc copies no file that it does not compile: the page's style and script go beside the code that reads them.
//   node scripts/copy-page-files.mjs [DIRECTORY]   the built package's dist, by default ours
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'

const root = new URL('..', import.meta.url).pathname
const dist = process.argv[2] ?? join(root, 'dist')

for (const name of ['page.css', 'client.js']) copyFileSync(join(root, 'harness/report/page', name), join(dist, 'report/page', name))
