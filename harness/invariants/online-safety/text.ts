/** Milliseconds as a report shows them. */
export function round(ms: number): number {
  return ms < 10 ? Number(ms.toFixed(1)) : Math.round(ms)
}

/** The beginning of a long statement. */
export function cut(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}

/** `read of orders` of `read of public.orders`. */
export function shownIn(name: string): string {
  return name.replaceAll(/(^| )public\./g, '$1')
}
