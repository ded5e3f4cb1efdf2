import type { Model, Step } from './checker.ts';
import {
  adopt,
  bill,
  book,
  charge,
  end,
  isUnwritten,
  openIn,
  reserve,
  restore,
  resume,
  setPhase,
  settle,
  setUp,
  undo,
  write,
} from './ledger-operations.ts';
import {
  type Call,
  initialState,
  isRunning,
  reservedIn,
  type Scenario,
  type State,
  USED,
  WORST,
} from './ledger-state.ts';

/**
 * The two-phase charge of calls by processes that share a store: everything that they, the service, the store and
 * misfortune may do next, one step at a time.
 */
export function ledgerModel(scenario: Scenario): Model<State> {
  return {
    initial: initialState(scenario),
    steps: (state) => new Steps(state, scenario).all(),
    violation: (state) => violationOf(state, scenario),
  };
}

/** The steps from one state. */
class Steps {
  readonly #state: State;
  readonly #scenario: Scenario;
  readonly #steps: Step<State>[] = [];

  constructor(state: State, scenario: Scenario) {
    this.#state = state;
    this.#scenario = scenario;
  }

  all(): Step<State>[] {
    this.#state.calls.forEach((call, index) => {
      if (isRunning(this.#state, call.process)) this.#callSteps(call, index);
      this.#leaseSteps(call, index);
    });
    for (const index of this.#state.processes.keys()) this.#processSteps(index);
    this.#storeSteps();
    return this.#steps;
  }

  #add(name: string, change: (next: State) => void): void {
    // Faster than a structured clone, and this is done a million times.
    const state = JSON.parse(JSON.stringify(this.#state)) as State;
    change(state);
    this.#steps.push({ name, state });
  }

  /** Something that the store does for a process, which may not hear of it. */
  #ask(name: string, process: number, execute: (next: State) => void, hear: (next: State) => void): void {
    const { store, faults, processes } = this.#state;
    if (!store.isUp) return;
    // It finds out by any answer that the store has lost its memory, and writes back what it knows first.
    if (processes[process]?.epoch !== store.epoch) return;
    this.#add(name, (next) => {
      execute(next);
      const one = next.processes[process];
      if (one !== undefined) one.known = next.store.settled;
      hear(next);
    });
    if (faults.lost === 0) return;
    this.#add(`${name}, unheard`, (next) => {
      execute(next);
      next.faults.lost -= 1;
    });
  }

  #callSteps(call: Call, index: number): void {
    const { policy, mutant } = this.#scenario;
    const of = (next: State): Call => next.calls[index] as Call;
    switch (call.phase) {
      case 'new':
      case 'reserving': {
        if (this.#admits()) {
          this.#ask(
            `reserve ${index}`,
            call.process,
            (next) => {
              of(next).phase = 'reserving';
              reserve(next, index, this.#scenario);
            },
            (next) => {
              of(next).phase = index in next.store.open ? 'held' : 'denied';
            },
          );
        }
        if (call.phase === 'new' && this.#state.store.isUp) break;
        this.#add(`the wait of ${index} is over`, (next) => {
          if (mutant !== 'an unanswered reserve is not undone')
            next.processes[call.process]?.undo.push(index);
          of(next).phase = policy === 'closed' ? 'denied' : 'journaled';
          of(next).isUnheard = call.phase === 'reserving';
          if (policy === 'open' && !isUnwritten(mutant)) write(next, call.process, 'admit', index);
        });
        break;
      }
      case 'held':
      case 'journaled':
        if (!call.billed) this.#add(`${index} is billed`, (next) => bill(of(next)));
        else if (call.phase === 'held') this.#add(`${index} ends`, (next) => setPhase(of(next), 'ending'));
        else {
          this.#add(`${index} ends`, (next) => {
            if (isUnwritten(mutant)) write(next, call.process, 'admit', index);
            write(next, call.process, 'settle', index);
            of(next).phase = 'done';
          });
        }
        break;
      case 'ending':
        this.#ask(
          `settle ${index}`,
          call.process,
          (next) => settle(next, index, mutant),
          (next) => setPhase(of(next), 'done'),
        );
        this.#add(`${index} is owed`, (next) => {
          write(next, call.process, 'held', index);
          of(next).phase = 'done';
        });
    }
  }

  /** A lease ends if nobody renews it. */
  #leaseSteps(call: Call, index: number): void {
    const isRenewed = isRunning(this.#state, call.process) && ['held', 'ending'].includes(call.phase);
    if (isRenewed || !(index in this.#state.store.open)) return;
    this.#add(`the lease of ${index} ends`, (next) => {
      charge(next, index, next.store.open[index] ?? 0);
      delete next.store.open[index];
      next.store.ended.push(index);
      (next.calls[index] as Call).isFull = true;
    });
  }

  #processSteps(index: number): void {
    const { processes, faults, journals, store } = this.#state;
    const { mutant } = this.#scenario;
    const process = processes[index];
    if (process === undefined || !process.isAlive) return;
    if (process.isSuspended) {
      this.#add(`process ${index} goes on`, (next) => resume(next, index));
      return;
    }
    if (faults.crash > 0) {
      this.#add(`process ${index} dies`, (next) => {
        end(next, index);
        next.faults.crash -= 1;
      });
    }
    if (faults.suspend > 0) {
      this.#add(`process ${index} is suspended`, (next) => {
        (next.processes[index] as { isSuspended: boolean }).isSuspended = true;
        next.faults.suspend -= 1;
      });
    }
    if (process.epoch !== store.epoch && store.isUp)
      this.#add(`process ${index} restores`, (next) => restore(next, index));
    for (const call of process.undo) {
      this.#ask(
        `undo ${call}`,
        index,
        (next) => undo(next, call),
        (next) => {
          const one = next.processes[index];
          if (one !== undefined) one.undo = one.undo.filter((other) => other !== call);
        },
      );
    }
    for (const [name, { owner }] of Object.entries(journals)) {
      if (owner === index) this.#bookSteps(name, index);
      else if (!isRunning(this.#state, owner) || mutant === 'the journal of a living process is adopted')
        this.#add(`process ${index} adopts ${name}`, (next) => adopt(next, name, index));
    }
  }

  #bookSteps(name: string, process: number): void {
    const journal = this.#state.journals[name];
    if (journal === undefined) return;
    const { mutant } = this.#scenario;
    const isEarly = mutant === 'a journal is deleted before it is booked';
    if (isEarly || (journal.booked === journal.lines.length && openIn(this.#state, name).length === 0)) {
      this.#add(`${name} is deleted`, (next) => void delete next.journals[name]);
    }
    if (journal.booked === journal.lines.length) return;
    this.#ask(
      `book ${name}`,
      process,
      (next) => book(next, name, mutant),
      (next) => {
        const one = next.journals[name];
        if (one !== undefined) one.booked = next.store.marks[name] ?? 0;
      },
    );
  }

  #storeSteps(): void {
    const { store, faults } = this.#state;
    if (!store.isUp) this.#add('the store is back', (next) => setUp(next, true));
    else if (faults.outage > 0) {
      this.#add('the store is away', (next) => {
        setUp(next, false);
        next.faults.outage -= 1;
      });
    }
    if (faults.flush > 0) {
      this.#add('the store loses its memory', (next) => {
        next.faults.flush -= 1;
        Object.assign(next.store, { settled: 0, open: {}, ended: [], marks: {}, base: 0 });
        next.store.epoch += 1;
        if (this.#scenario.mutant === 'the ledger goes on when it has lost its memory')
          for (const one of next.processes) one.epoch = next.store.epoch;
      });
    }
  }

  /** Whether the ledger admits calls: after it lost its memory, once every process has written back what it knows. */
  #admits(): boolean {
    const { processes, store } = this.#state;
    return processes.every(({ isAlive, epoch }) => !isAlive || epoch === store.epoch);
  }
}

function violationOf(state: State, scenario: Scenario): string | undefined {
  const { calls, store } = state;
  const billed = calls.filter((call) => call.billed).length * USED;
  const forgets = scenario.faults.flush !== undefined;
  if (scenario.policy === 'closed') {
    if (billed > scenario.limit) return `billed ${billed} of ${scenario.limit}`;
    // A settlement that was not heard of is reserved again when a process writes back what it knows.
    if (!forgets && store.settled + reservedIn(state) > scenario.limit)
      return 'settled and reserved are more than the limit';
  }
  const twice = calls.findIndex((call, index) => call.charged > mostFor(call, index, state));
  if (twice >= 0 && !forgets) return `call ${twice} was charged ${calls[twice]?.charged}`;
  if (!isAtRest(state)) return undefined;
  if (store.settled < billed) return `settled ${store.settled}, billed ${billed}`;
  const missing = calls.findIndex((call) => call.billed && call.charged < USED);
  if (missing >= 0) return `call ${missing} was billed and never charged`;
  const phantom = forgets ? -1 : calls.findIndex((call) => call.phase === 'denied' && call.charged > 0);
  const process = state.processes[calls[phantom]?.process ?? -1];
  return phantom >= 0 && process?.isAlive === true ? `call ${phantom} was denied and charged` : undefined;
}

/** Returns the most that a call may have been charged. */
function mostFor(call: Call, index: number, { store }: State): number {
  const most = call.isFull ? WORST : USED;
  // The lease of a reserve that was never heard of ended, and the call was sent without the store. Its process
  // undoes that; if that has died, it stays: the one case in which a call is charged twice.
  const isJournaled = call.isUnheard && store.ended.includes(index);
  return isJournaled ? most + WORST : most;
}

/** Whether nothing is under way any more: what is owed is booked, leases are over. */
function isAtRest(state: State): boolean {
  const { calls, processes, journals, store } = state;
  return (
    store.isUp &&
    calls.every(
      ({ phase, process }) => ['done', 'denied', 'cut'].includes(phase) && !processes[process]?.isSuspended,
    ) &&
    processes.every(({ isAlive, undo, epoch }) => !isAlive || (undo.length === 0 && epoch === store.epoch)) &&
    Object.keys(journals).length === 0 &&
    Object.keys(store.open).length === 0
  );
}
