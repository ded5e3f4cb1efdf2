/** The most that a call may cost, and what it costs. */
export const WORST = 2;
export const USED = 1;

/** What is explored. */
export interface Scenario {
  /** The process of each call. */
  readonly calls: readonly number[];
  readonly limit: number;
  readonly policy: 'open' | 'closed';
  /** How often each of these may happen. */
  readonly faults: {
    readonly crash?: number;
    readonly suspend?: number;
    readonly outage?: number;
    readonly lost?: number;
    readonly flush?: number;
  };
  /** A fault of the design that the exploration has to find. */
  readonly mutant?: Mutant;
}

/** Faults of the design. */
export type Mutant =
  | 'an unknown settlement is charged'
  | 'a journal is deleted before it is booked'
  | 'a charge is made as often as it is sent'
  | 'the journal of a living process is adopted'
  | 'a call is sent before its line is written'
  | 'a call without the store owes nothing until it ends'
  | 'an unanswered reserve is not undone'
  | 'a repeated reserve reserves again'
  | 'the ledger goes on when it has lost its memory';

/**
 * The state of a call, as its process knows it: `held` and `journaled` are admitted, by the store or without it;
 * `ending` knows what it used; `done` has nothing left to do.
 */
export type Phase = 'new' | 'reserving' | 'denied' | 'held' | 'journaled' | 'ending' | 'done' | 'cut';

export interface Call {
  process: number;
  phase: Phase;
  billed: boolean;
  /** What the ledger was charged for it, by all ways together. */
  charged: number;
  /** Whether its lease ended, or it was adopted as open: then it is charged in full. */
  isFull: boolean;
  /** Whether it was admitted without the store after a reserve that was not heard of. */
  isUnheard: boolean;
}

export interface Process {
  isAlive: boolean;
  isSuspended: boolean;
  /** The calls whose reserve has to be undone. */
  undo: number[];
  /** The highest settled amount that it has seen, and the epoch of that. */
  known: number;
  epoch: number;
}

/** A line of a journal. */
export type Line = readonly [kind: 'admit' | 'settle' | 'full' | 'held', call: number];

export interface Journal {
  owner: number;
  readonly lines: Line[];
  /** Up to which line its owner knows it to be booked. */
  booked: number;
}

export interface State {
  readonly calls: Call[];
  readonly processes: Process[];
  /** Those that exist, by their names. */
  readonly journals: Record<string, Journal>;
  journalNames: number;
  readonly store: {
    isUp: boolean;
    settled: number;
    /** What each open reservation holds. */
    open: Record<number, number>;
    /** The reservations whose leases ended, which an undo finds. */
    ended: number[];
    /** The last line of each journal that is booked. */
    marks: Record<string, number>;
    epoch: number;
    /** What was settled when the epoch began, as far as it was written back. */
    base: number;
  };
  readonly faults: { crash: number; suspend: number; outage: number; lost: number; flush: number };
}

/** Returns the state before anything has happened. */
export function initialState({ calls, faults }: Scenario): State {
  const processes = Array.from({ length: Math.max(...calls) + 1 }, () => ({
    isAlive: true,
    isSuspended: false,
    undo: [],
    known: 0,
    epoch: 0,
  }));
  return {
    calls: calls.map((process) => ({
      process,
      phase: 'new',
      billed: false,
      charged: 0,
      isFull: false,
      isUnheard: false,
    })),
    processes,
    journals: {},
    journalNames: 0,
    store: { isUp: true, settled: 0, open: {}, ended: [], marks: {}, epoch: 0, base: 0 },
    faults: { crash: 0, suspend: 0, outage: 0, lost: 0, flush: 0, ...faults },
  };
}

/** What open reservations hold together. */
export function reservedIn({ store }: State): number {
  return Object.values(store.open).reduce((sum, held) => sum + held, 0);
}

/** Whether a process runs. */
export function isRunning(state: State, process: number): boolean {
  const one = state.processes[process];
  return one?.isAlive === true && !one.isSuspended;
}
