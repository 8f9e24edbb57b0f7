// tsc copies no file that it does not compile: the page's style and script go beside the code that reads them.
import { copyFileSync } from 'node:fs'

for (const name of ['page.css', 'client.js'])
  copyFileSync(new URL(`../harness/report/page/${name}`, import.meta.url), new URL(`../dist/report/page/${name}`, import.meta.url))
