/** Strongly connected components (Tarjan), those that are pointed at first. `edges` gives what a node points at. */
export function componentsOf(nodes: readonly string[], edges: (node: string) => Iterable<string>): string[][] {
  const known = new Set(nodes)
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const stacked = new Set<string>()
  const components: string[][] = []

  const visit = (root: string) => {
    // An own stack of work: a chain of a thousand references must not end in a stack overflow.
    const work: { node: string; rest: Iterator<string> }[] = []
    const enter = (node: string) => {
      index.set(node, index.size)
      low.set(node, index.get(node) ?? 0)
      stack.push(node)
      stacked.add(node)
      work.push({ node, rest: edges(node)[Symbol.iterator]() })
    }
    enter(root)
    for (let top = work.at(-1); top !== undefined; top = work.at(-1)) {
      const { node, rest } = top
      const step = rest.next()
      if (step.done !== true) {
        const target = step.value
        if (!known.has(target)) continue
        if (!index.has(target)) enter(target)
        else if (stacked.has(target)) low.set(node, Math.min(low.get(node) ?? 0, index.get(target) ?? 0))
        continue
      }
      work.pop()
      const under = work.at(-1)?.node
      if (under !== undefined) low.set(under, Math.min(low.get(under) ?? 0, low.get(node) ?? 0))
      if (low.get(node) !== index.get(node)) continue
      const component = stack.splice(stack.lastIndexOf(node))
      for (const member of component) stacked.delete(member)
      components.push(component.reverse())
    }
  }
  for (const node of nodes) if (!index.has(node)) visit(node)
  return components
}
