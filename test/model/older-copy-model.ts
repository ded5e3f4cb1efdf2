import type { Model, Step } from './checker.ts';

/** What is explored: a store that restarts from an older copy of itself, while processes charge it. */
export interface CopyScenario {
  /** How often each process charges, 1 at a time. */
  readonly charges: readonly number[];
  /** The limit of a strict budget; one that is not strict admits every call at once. */
  readonly limit?: number;
  /** How often the store restarts. */
  readonly restarts: number;
  readonly mutant?: CopyMutant;
}

/** Faults of the design. */
export type CopyMutant =
  | 'only the generation shows a loss'
  | 'what the present segment charged is written back'
  | 'only what was known last is written back'
  | 'the latest generation wins, whatever segment it is of'
  | 'calls are admitted before every process has spoken';

/** What a process has seen, or the store has. */
interface Mark {
  epoch: number;
  segment: number;
  generation: number;
}

/** What was charged in a segment, as of a generation. */
interface Part {
  segment: number;
  generation: number;
  amount: number;
}

interface Account {
  settled: number;
  /** The generation and the segment of its last change. */
  generation: number;
  segment: number;
  /** What was charged in earlier segments; the rest was charged in this one. */
  parts: Part[];
}

interface Store {
  epoch: number;
  generation: number;
  segments: { id: number; first: number; run: number }[];
  account: Account;
}

interface Process {
  known: Mark & { account: Account };
  /** What it knew of earlier epochs, and has not written back. */
  aside: Account[];
  charges: number;
  /** Whether it has spoken to the present run of the store. */
  hasSpoken: boolean;
}

interface CopyState {
  store: Store;
  copy: Store | null;
  run: number;
  /** For unique names of epochs and segments. */
  names: number;
  restarts: number;
  processes: Process[];
  billed: number;
}

const GENERATION_GAP = 1_000;

/** The segments of an epoch: see `src/stores/redis/lua/epoch.ts`, which this follows step by step. */
export function olderCopyModel(scenario: CopyScenario): Model<CopyState> {
  return {
    initial: initialState(scenario),
    steps: (state) => stepsFrom(state, scenario),
    violation: (state) => violationOf(state, scenario),
  };
}

function initialState({ charges, restarts }: CopyScenario): CopyState {
  const account: Account = { settled: 0, generation: 0, segment: 0, parts: [] };
  return {
    store: { epoch: 0, generation: 0, segments: [{ id: 0, first: 0, run: 0 }], account },
    copy: null,
    run: 0,
    names: 1,
    restarts,
    processes: charges.map((count) => ({
      known: { epoch: 0, segment: 0, generation: 0, account },
      aside: [],
      charges: count,
      hasSpoken: true,
    })),
    billed: 0,
  };
}

function stepsFrom(state: CopyState, scenario: CopyScenario): Step<CopyState>[] {
  const steps: Step<CopyState>[] = [];
  const add = (name: string, change: (next: CopyState) => void): void => {
    const next = JSON.parse(JSON.stringify(state)) as CopyState;
    change(next);
    steps.push({ name, state: next });
  };
  state.processes.forEach(({ charges, hasSpoken, aside }, index) => {
    // It connects again, and looks.
    if (!hasSpoken) add(`${index} looks`, (next) => ask(next, index, scenario, () => {}));
    if (aside.length > 0) add(`${index} writes back`, (next) => restore(next, index, scenario));
    if (charges > 0 && (aside.length === 0 || scenario.limit === undefined))
      add(`${index} charges`, (next) => chargeOne(next, index, scenario));
  });
  if (state.copy === null) {
    add('a copy is made', (next) => {
      next.copy = structuredClone(next.store);
    });
  } else if (state.restarts > 0) {
    add('the store restarts from the copy', (next) => {
      next.store = structuredClone(next.copy as Store);
      next.run += 1;
      next.restarts -= 1;
      for (const one of next.processes) one.hasSpoken = false;
    });
  }
  return steps;
}

function chargeOne(state: CopyState, index: number, scenario: CopyScenario): void {
  ask(state, index, scenario, () => {
    const { store, processes } = state;
    const one = processes[index] as Process;
    const isSettling = processes.some(({ hasSpoken, aside }) => !hasSpoken || aside.length > 0);
    const { limit = Infinity } = scenario;
    if (
      limit < Infinity &&
      isSettling &&
      scenario.mutant !== 'calls are admitted before every process has spoken'
    )
      return;
    // Nor of a process that has just heard of a loss: it writes back first.
    if ((limit < Infinity && one.known.epoch !== store.epoch) || store.account.settled >= limit) return;
    change(store);
    store.account.settled += 1;
    one.charges -= 1;
    state.billed += 1;
  });
}

/** Runs a script of a process: what the store finds out before, the script, and what the process learns. */
function ask(state: CopyState, index: number, scenario: CopyScenario, script: () => void): void {
  const { store, processes } = state;
  const one = processes[index] as Process;
  one.hasSpoken = true;
  const last = store.segments.at(-1);
  if (last?.run !== state.run) beginSegment(state);
  if (one.known.epoch === store.epoch && hasLost(store, one.known, scenario)) {
    if (store.segments.at(-1)?.id === one.known.segment) beginSegment(state);
    store.epoch = state.names++;
    store.generation = Math.max(store.generation, one.known.generation) + GENERATION_GAP;
  }
  script();
  learn(one, store, scenario.mutant);
}

function hasLost({ generation, segments }: Store, known: Mark, { mutant }: CopyScenario): boolean {
  if (mutant === 'only the generation shows a loss') return known.generation > generation;
  const at = segments.findIndex(({ id }) => id === known.segment);
  const after = segments[at + 1];
  // At -1 this is the first one.
  return known.generation > (after?.first ?? generation);
}

function beginSegment(state: CopyState): void {
  const { store } = state;
  store.segments.push({ id: state.names++, first: store.generation, run: state.run });
  store.generation += 1;
}

/** Marks a change of the account; the first one of a segment keeps what was charged before. */
function change(store: Store): void {
  const { account } = store;
  const segment = segmentOf(store);
  if (account.segment !== segment) {
    account.parts = partsOf(account);
    account.segment = segment;
  }
  store.generation += 1;
  account.generation = store.generation;
}

function segmentOf({ segments }: Store): number {
  return segments.at(-1)?.id ?? 0;
}

/** Returns what was charged in each segment, the present one included. */
function partsOf({ settled, segment, generation, parts }: Account): Part[] {
  const before = parts.reduce((sum, { amount }) => sum + amount, 0);
  return [...parts, { segment, generation, amount: settled - before }];
}

function learn(one: Process, store: Store, mutant: CopyMutant | undefined): void {
  if (one.known.epoch !== store.epoch) {
    if (mutant === 'only what was known last is written back') one.aside = [];
    one.aside.push(one.known.account);
  }
  const account = structuredClone(store.account);
  one.known = { epoch: store.epoch, generation: store.generation, segment: segmentOf(store), account };
}

/** Writes back what a process knows of earlier epochs: of each segment, the latest generation wins. */
function restore(state: CopyState, index: number, scenario: CopyScenario): void {
  const { mutant } = scenario;
  ask(state, index, scenario, () => {
    const one = state.processes[index] as Process;
    const { store } = state;
    const { account } = store;
    const known = one.aside.flatMap(partsOf);
    one.aside = [];
    change(store);
    for (const part of known) {
      const isPresent = part.segment === account.segment;
      if (isPresent && mutant !== 'what the present segment charged is written back') continue;
      const isWhole = mutant === 'the latest generation wins, whatever segment it is of';
      const found = account.parts.find(({ segment }) => isWhole || segment === part.segment);
      if (found !== undefined && found.generation >= part.generation) continue;
      account.settled += part.amount - (found?.amount ?? 0);
      if (found === undefined) account.parts.push(part);
      else Object.assign(found, part);
    }
  });
}

function violationOf(
  { billed, processes, store }: CopyState,
  { limit = Infinity }: CopyScenario,
): string | undefined {
  if (billed > limit) return `billed ${billed} of ${limit}`;
  const isAtRest = processes.every(
    ({ hasSpoken, aside, known }) => hasSpoken && aside.length === 0 && known.epoch === store.epoch,
  );
  return isAtRest && store.account.settled !== billed
    ? `settled ${store.account.settled}, billed ${billed}`
    : undefined;
}
