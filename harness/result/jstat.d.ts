/** The part that we use of a package without types. */
declare module 'jstat' {
  const jstat: {
    readonly studentt: {
      /** The quantile of Student's t. */
      inv(probability: number, degreesOfFreedom: number): number
    }
  }
  export default jstat
}
