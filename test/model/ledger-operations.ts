import {
  type Call,
  type Mutant,
  type Phase,
  reservedIn,
  type Scenario,
  type State,
  USED,
  WORST,
} from './ledger-state.ts';

// What the store and the processes do, each at once.

export function isUnwritten(mutant: Mutant | undefined): boolean {
  return (
    mutant === 'a call is sent before its line is written' ||
    mutant === 'a call without the store owes nothing until it ends'
  );
}

export function setUp(state: State, isUp: boolean): void {
  state.store.isUp = isUp;
}

export function setPhase(call: Call, phase: Phase): void {
  call.phase = phase;
}

export function bill(call: Call): void {
  call.billed = true;
}

export function charge(state: State, index: number, amount: number): void {
  state.store.settled += amount;
  (state.calls[index] as Call).charged += amount;
}

export function reserve(state: State, index: number, { limit, mutant }: Scenario): void {
  const { store } = state;
  if (index in store.open) {
    if (mutant === 'a repeated reserve reserves again') store.open[index] = (store.open[index] ?? 0) + WORST;
    return;
  }
  if (store.ended.includes(index)) undo(state, index);
  if (store.settled + reservedIn(state) + WORST <= limit) store.open[index] = WORST;
}

export function settle(state: State, index: number, mutant?: Mutant): void {
  if (index in state.store.open || mutant === 'an unknown settlement is charged') charge(state, index, USED);
  delete state.store.open[index];
}

/** Undoes a reserve, even if it was charged because its lease ended. */
export function undo(state: State, index: number): void {
  delete state.store.open[index];
  if (!state.store.ended.includes(index)) return;
  charge(state, index, -WORST);
  state.store.ended = state.store.ended.filter((other) => other !== index);
}

/** Appends a line to the journal of a process; to a new one, if it has none or another process adopted it. */
export function write(state: State, process: number, kind: 'admit' | 'settle' | 'held', call: number): void {
  const own = Object.values(state.journals).find((journal) => journal.owner === process);
  // What was admitted in a journal that another process adopted is charged in full by that one.
  const isDropped = kind === 'settle' && own?.lines.some(([, other]) => other === call) !== true;
  if (isDropped) return;
  if (own !== undefined) {
    own.lines.push([kind, call]);
    return;
  }
  state.journals[`journal ${state.journalNames}`] = { owner: process, lines: [[kind, call]], booked: 0 };
  state.journalNames += 1;
}

/** Returns the calls that a journal admitted and that have not ended. */
export function openIn(state: State, name: string): number[] {
  const lines = state.journals[name]?.lines ?? [];
  const ended = lines.flatMap(([kind, call]) => (kind === 'settle' || kind === 'full' ? [call] : []));
  return lines.flatMap(([kind, call]) => (kind === 'admit' && !ended.includes(call) ? [call] : []));
}

export function adopt(state: State, name: string, process: number): void {
  const journal = state.journals[name];
  if (journal === undefined) return;
  journal.owner = process;
  // What the owner before it had booked is not known.
  journal.booked = 0;
  for (const call of openIn(state, name)) {
    journal.lines.push(['full', call]);
    (state.calls[call] as Call).isFull = true;
  }
}

/** Books the lines after the one that the owner believes to be the last, if the store agrees. */
export function book(state: State, name: string, mutant: Mutant | undefined): void {
  const journal = state.journals[name];
  if (journal === undefined) return;
  const mark = state.store.marks[name] ?? 0;
  if (mark !== journal.booked && mutant !== 'a charge is made as often as it is sent') return;
  for (const [kind, call] of journal.lines.slice(journal.booked)) {
    // Its reserve may have been executed, although its process never heard of it.
    if (kind === 'admit') delete state.store.open[call];
    if (kind === 'settle') charge(state, call, USED);
    if (kind === 'full') charge(state, call, WORST);
    if (kind === 'held') settle(state, call);
  }
  state.store.marks[name] = journal.lines.length;
}

export function end(state: State, process: number): void {
  const one = state.processes[process];
  if (one === undefined) return;
  one.isAlive = false;
  one.undo = [];
  for (const call of state.calls) {
    if (call.process === process && call.phase !== 'done' && call.phase !== 'denied') call.phase = 'cut';
  }
}

export function resume(state: State, process: number): void {
  const one = state.processes[process];
  if (one !== undefined) one.isSuspended = false;
}

/** Writes back what a process knows: the highest settled amount, and its open reservations. */
export function restore(state: State, process: number): void {
  const { store, calls } = state;
  const one = state.processes[process];
  if (one === undefined) return;
  store.settled += Math.max(0, one.known - store.base);
  store.base = Math.max(store.base, one.known);
  const own = Object.values(state.journals).filter(({ owner }) => owner === process);
  const owed = own.flatMap(({ lines }) => lines.flatMap(([kind, call]) => (kind === 'held' ? [call] : [])));
  calls.forEach(({ process: holder, phase }, index) => {
    const isOpen = phase === 'held' || phase === 'ending' || owed.includes(index);
    if (holder === process && isOpen) store.open[index] = WORST;
  });
  one.epoch = store.epoch;
  one.known = store.settled;
}
