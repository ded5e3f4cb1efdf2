/** Nodes, each with those that it points to. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** Makes a graph of edges; an edge from a node to itself is left out. */
export function graphOf(edges: Iterable<readonly [from: string, to: string]>): Graph {
  const graph = new Map<string, Set<string>>();
  const targetsOf = (node: string) => {
    const targets = graph.get(node) ?? new Set();
    graph.set(node, targets);
    return targets;
  };
  for (const [from, to] of edges) {
    targetsOf(to);
    if (from !== to) targetsOf(from).add(to);
  }
  return graph;
}

/** The strongly connected components of more than one node (Tarjan), each sorted. */
export function componentsOf(graph: Graph): string[][] {
  const order = new Map<string, number>();
  const stack: string[] = [];
  const components: string[][] = [];
  const visit = (node: string): number => {
    const index = order.size;
    order.set(node, index);
    stack.push(node);
    let lowest = index;
    for (const target of graph.get(node) ?? []) {
      if (!order.has(target)) lowest = Math.min(lowest, visit(target));
      else if (stack.includes(target)) lowest = Math.min(lowest, order.get(target) ?? index);
    }
    if (lowest === index) components.push(stack.splice(stack.indexOf(node)).sort());
    return lowest;
  };
  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return components.filter(({ length }) => length > 1).sort();
}

/** A shortest circle within a component, from one of its nodes back to it. */
export function shortestCircle(graph: Graph, component: readonly string[]): string[] {
  const circles = component.map((node) => circleThrough(graph, node, new Set(component)));
  return circles.reduce((shortest, circle) => (circle.length < shortest.length ? circle : shortest));
}

function circleThrough(graph: Graph, start: string, within: ReadonlySet<string>): string[] {
  const paths = [[start]];
  const seen = new Set<string>();
  for (const path of paths) {
    for (const target of graph.get(path.at(-1) ?? start) ?? []) {
      if (target === start) return [...path, start];
      if (within.has(target) && !seen.has(target)) paths.push([...path, target]);
      seen.add(target);
    }
  }
  throw new Error(`${start} is in no circle`);
}
