/** Something that may happen next, and the state after it. */
export interface Step<S> {
  readonly name: string;
  readonly state: S;
}

/** A system whose every behaviour is explored. */
export interface Model<S> {
  readonly initial: S;
  /** Returns everything that may happen next. */
  readonly steps: (state: S) => Iterable<Step<S>>;
  /** Returns what is wrong with a state, if anything. */
  readonly violation: (state: S) => string | undefined;
}

/** What the exploration found. */
export interface Result<S> {
  /** How many different states can be reached. */
  readonly states: number;
  /** The shortest way to a state that is wrong; undefined if there is none. */
  readonly counterexample?: {
    readonly violation: string;
    readonly trace: readonly string[];
    readonly state: S;
  };
}

/**
 * Explores all states that can be reached, nearest first.
 * @throws RangeError if there are more states than `maxStates`
 */
export function explore<S>({ initial, steps, violation }: Model<S>, maxStates = 2_000_000): Result<S> {
  const cameFrom = new Map<string, readonly [from: string, name: string] | undefined>();
  const traceOf = (key: string): string[] => {
    const trace: string[] = [];
    for (let at = cameFrom.get(key); at !== undefined; at = cameFrom.get(at[0])) trace.unshift(at[1]);
    return trace;
  };
  const queue: string[] = [JSON.stringify(initial)];
  cameFrom.set(queue[0] ?? '', undefined);
  for (let next = 0; next < queue.length; next += 1) {
    const key = queue[next] ?? '';
    const state = JSON.parse(key) as S;
    const wrong = violation(state);
    if (wrong !== undefined)
      return { states: cameFrom.size, counterexample: { violation: wrong, trace: traceOf(key), state } };
    for (const step of steps(state)) {
      const reached = JSON.stringify(step.state);
      if (cameFrom.has(reached)) continue;
      if (cameFrom.size >= maxStates) throw new RangeError(`more than ${maxStates} states`);
      cameFrom.set(reached, [key, step.name]);
      queue.push(reached);
    }
  }
  return { states: cameFrom.size };
}
