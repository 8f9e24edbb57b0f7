/** Whether SQL, with the bodies in it, holds something that goes on as long as a value says: a loop, a recursive query. */
export function mayRepeat(text: string): boolean {
  return /\b(loop|recursive|generate_series|repeat|lpad|rpad|array_fill)\b/i.test(text)
}
