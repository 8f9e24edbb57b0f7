/** Why a value is refused: a code that stays, and words that may change. */
export class Refusal {
  readonly code: string
  readonly message: string

  constructor(code: string, message: string) {
    this.code = code
    this.message = message
  }
}
