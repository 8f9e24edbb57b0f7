import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as fc from 'fast-check'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { renderPage } from '../../../harness/report/page/render-page.tsx'
import type { RunLine } from '../../../harness/report/run-history.ts'
import { inGate } from '../../in-gate.ts'
import { exampleFinding, exampleResult, nastyText } from '../result/result-arbitrary.ts'
import { chromiumPath, startChromium } from './chromium.ts'
import { attacks, hostileInput, longHistory, pageInput } from './page-support.ts'

if (chromiumPath === undefined) console.log('specs of the page in a browser are skipped: there is no Chromium (apt-get install chromium)')

describe.skipIf(chromiumPath === undefined)('the page in Chromium', () => {
  let browser: Browser
  let directory: string

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'godwit-page-'))
    browser = await startChromium(chromiumPath ?? '')
  })
  afterAll(async () => {
    await browser?.close()
    await rm(directory, { recursive: true, force: true })
  })

  /** Open a page from disk; what the browser complains of, also of the policy, fails the test. */
  async function withPage(html: string, options: Parameters<Browser['newContext']>[0], work: (page: Page) => Promise<void>): Promise<void> {
    const file = join(directory, 'index.html')
    await writeFile(file, html)
    const context = await browser.newContext(options)
    const complaints: string[] = []
    try {
      const page = await context.newPage()
      page.on('console', (message) => complaints.push(message.text()))
      page.on('pageerror', (error) => complaints.push(error.message))
      page.on(
        'request',
        (request) => request.url().startsWith('file:') || request.url().startsWith('data:') || complaints.push(request.url()),
      )
      await page.goto(pathToFileURL(file).href)
      await work(page)
      expect(complaints).toEqual([])
    } finally {
      await context.close()
    }
  }

  test('shows a history: the decision, a strip, and open only what needs a look', async () => {
    await withPage(renderPage(pageInput(longHistory(30))), {}, async (page) => {
      expect(await page.getByRole('heading', { level: 1 }).innerText()).toMatch(/^✗ Do not release: /)
      expect(await page.locator('.strip a').count()).toBe(30)
      expect(await page.locator('[data-step] > details[open]').count()).toBe(3 + 4)
      expect(await page.getByText('0010_step.sql').count()).toBeGreaterThan(0)
    })
  })

  test('filters by verdict and text, and a link shows what is filtered away', async () => {
    await withPage(renderPage(pageInput(longHistory(30))), {}, async (page) => {
      const shown = page.locator('[data-step]:visible')
      await page.getByRole('checkbox', { name: 'passed' }).uncheck()
      expect(await shown.count()).toBe(7)
      expect(await page.locator('#shown').innerText()).toBe('7 of 30 shown')
      await page.getByRole('searchbox').fill('TABLE_19')
      expect(await shown.count()).toBe(1)
      await page.getByRole('searchbox').fill('no such thing')
      expect(await shown.count()).toBe(0)
      await page.evaluate(() => location.assign('#migration-3'))
      await page.locator('#migration-3 > details[open]').waitFor()
      expect(await shown.count()).toBe(1)
    })
  })

  test('can be used with the keyboard alone', async () => {
    await withPage(renderPage(pageInput(longHistory(12))), {}, async (page) => {
      const focused = () =>
        page.evaluate(() => document.activeElement?.id || document.activeElement?.className || document.activeElement?.tagName)
      await page.keyboard.press('Tab')
      expect(await focused()).toBe('skip')
      await page.keyboard.press('/')
      expect(await focused()).toBe('search')
      await page.keyboard.type('0001_/')
      expect(await page.getByRole('searchbox').inputValue()).toBe('0001_/')
      await page.keyboard.press('Escape')
      expect(await page.locator('#shown').innerText()).toBe('12 of 12 shown')
      await page.locator('#migration-1 summary').focus()
      for (const key of ['Enter', 'Space']) {
        const before = await page.locator('#migration-1 > details').getAttribute('open')
        await page.keyboard.press(key)
        expect(await page.locator('#migration-1 > details').getAttribute('open')).not.toBe(before)
      }
      await page.getByRole('button', { name: 'Open all' }).focus()
      await page.keyboard.press('Enter')
      expect(await page.locator('[data-step] > details[open]').count()).toBe(12)
    })
  })

  const screens = [
    ['light', 1_100],
    ['dark', 1_100],
    ['light', 390],
  ] as const
  test.each(inGate(screens, 1))('axe finds nothing: %s, %i pixels', async (colorScheme, width) => {
    const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
    for (const html of [renderPage(fullPair()), renderPage(pageInput(longHistory(20)))]) {
      await withPage(html, { colorScheme, viewport: { width, height: 900 } }, async (page) => {
        await page.evaluate(() => {
          for (const each of document.querySelectorAll('details')) each.open = true
        })
        await page.evaluate(axe)
        const violations = await page.evaluate(async () => {
          const { axe: found } = window as unknown as { readonly axe: typeof import('axe-core') }
          const result = await found.run()
          return result.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html: node }) => node.slice(0, 200)).join(' | ')}`)
        })
        expect(violations).toEqual([])
        // Nothing but what scrolls by itself is wider than the page.
        expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true)
      })
    }
  })

  test('prints what is folded on a screen, and puts it back', async () => {
    await withPage(renderPage(fullPair()), {}, async (page) => {
      await page.emulateMedia({ media: 'print' })
      const closed = () => page.locator('details:not([open]):not([data-print=closed])').count()
      const before = await closed()
      expect(before).toBeGreaterThan(0)
      await page.evaluate(() => dispatchEvent(new Event('beforeprint')))
      expect(await closed()).toBe(0)
      await page.evaluate(() => dispatchEvent(new Event('afterprint')))
      expect(await closed()).toBe(before)
      expect((await page.pdf()).subarray(0, 5).toString()).toBe('%PDF-')
    })
  })

  test('1,000 hostile names and values make no element, no attribute and no script', async () => {
    const hostile = fc.oneof(fc.constantFrom(...attacks), nastyText)
    const [texts = []] = fc.sample(fc.array(hostile, { minLength: 1_000, maxLength: 1_000 }), 1)
    const plain = texts.map((_, index) => `w${index}`)
    const shapes: string[][] = []
    for (const each of [texts, plain]) {
      await withPage(renderPage(hostileInput(each)), {}, async (page) => {
        shapes.push(
          await page.evaluate(() =>
            [...document.querySelectorAll('*')].flatMap((node) => [node.localName, ...[...node.attributes].map(({ name }) => `@${name}`)]),
          ),
        )
      })
    }
    const [found = [], expected = []] = shapes.map((shape) => [...new Set(shape)].toSorted())
    // The page's own: an empty text hides a line, and a script makes what scrolls reachable.
    const own = [...expected, '@hidden', '@tabindex']
    expect(found.filter((name) => !own.includes(name))).toEqual([])
  })

  test('a history of 500 steps is there at once', async () => {
    const html = renderPage(pageInput(longHistory(500)))
    await withPage(html, {}, async (page) => {
      const ms = await page.evaluate(() => {
        const [entry] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
        return Math.round(entry?.domContentLoadedEventEnd ?? 0)
      })
      const nodes = await page.locator('*').count()
      const filtered = await page.evaluate(() => {
        const start = performance.now()
        const search = document.getElementById('search') as HTMLInputElement
        search.value = '0499'
        search.form?.dispatchEvent(new Event('input'))
        return Math.round(performance.now() - start)
      })
      console.log(`500 steps: loaded in ${ms} ms, filtered in ${filtered} ms, ${nodes} elements`)
      expect(nodes).toBeLessThan(20_000)
    })
  })
})

/** A pair with something in every part of the page. */
function fullPair() {
  const run: Omit<RunLine, 'date' | 'errors'> = {
    ...{ of: ['migrations/drop-notes'], files: 'aa', rules: '1', server: '18', verdict: 'violated', migrations: 1, warnings: 2 },
    coverage: { reached: 3, feasible: 4 },
    durationMs: 900,
  }
  const input = hostileInput(['a name', 'another', 'public.items.quantity', 'stock < 0', 'up.sql', 'a sentence with some words'])
  const result = exampleResult([...input.result.migrations.slice(0, 1)])
  const online = exampleFinding({
    id: 'on',
    invariant: 'online-safety',
    kind: 'held',
    severity: 'warning',
    evidence: { lock: 'ACCESS EXCLUSIVE', heldMs: 12 },
  })
  const [first] = result.migrations
  const migrations = first === undefined ? [] : [{ ...first, findings: [...first.findings, online] }]
  const runs = Array.from({ length: 12 }, (_, index): RunLine => ({ ...run, date: `2027-01-${10 + index}`, errors: index % 5 }))
  return { ...input, result: { ...result, migrations }, folders: ['drop-notes'], runs }
}
