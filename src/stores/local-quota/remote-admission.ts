import {
  type Admission,
  type Admitted,
  type BudgetDefinition,
  type Denied,
  type ReserveRequest,
  subtractAmounts,
  worstCase,
} from '../../budget/index.ts';
import type { BoundedMap } from '../../util/index.ts';
import type { OpenCalls } from './active-calls.ts';
import type { Line } from './chain.ts';
import type { Bank } from './quota-pool.ts';
import { giveBack } from './return-quotas.ts';

/** Admits the calls that no slice can pay for, on the remote store itself, by the rules for the whole budgets. */
export class RemoteAdmission {
  readonly #bank: Bank;
  readonly #open: OpenCalls;
  readonly #direct: BoundedMap<string, readonly BudgetDefinition[]>;

  /** @param direct gets the chains of the calls that are reserved there, by the ids of their reservations */
  constructor(bank: Bank, open: OpenCalls, direct: BoundedMap<string, readonly BudgetDefinition[]>) {
    this.#bank = bank;
    this.#open = open;
    this.#direct = direct;
  }

  /** Reserves there, and takes a slice for the calls after this one, where it did not come alone. */
  async reserve(line: Line, request: ReserveRequest): Promise<Admission> {
    const { chain } = line;
    this.#direct.set(request.id, chain);
    let answer = await this.#ask(line, request);
    if (answer.admitted && this.#reached(line, request) !== undefined) {
      // Perhaps the limit was raised, or the budget reset, since it was looked at.
      await Promise.all(chain.map((budget) => this.#bank.look(budget)));
      const reached = this.#reached(line, request);
      if (reached !== undefined) return this.#withdrawn(request, reached);
    }
    if (answer.admitted && asAsked(answer, request)) {
      if (line.repeated) void this.#bank.refill(line, answer.reserved);
      return answer;
    }
    this.#bank.pause(line);
    // What our own slices hold idle may pay for it.
    const given = await giveBack(this.#bank, chain);
    if (answer.admitted) return given ? this.#unclamped(line, request, answer) : answer;
    if (given) answer = await this.#ask(line, request);
    if (answer.admitted) return answer;
    this.#direct.delete(request.id);
    const local = this.#fromRest(line, request, answer);
    if (local !== undefined) return local;
    return { ...answer, balances: this.#bank.view(answer.budget, answer.balances).balances() };
  }

  #ask({ chain }: Line, request: ReserveRequest): Promise<Admission> {
    return this.#bank.direct(chain, () => this.#bank.remote.reserve(chain, request));
  }

  #reached(line: Line, request: ReserveRequest): Denied | undefined {
    const moment = this.#bank.moment();
    return line.reached(request, this.#bank.seen(line.chain, moment), moment);
  }

  /** Takes back what the remote store admitted, not knowing what our slices have spent. */
  async #withdrawn(request: ReserveRequest, denied: Denied): Promise<Denied> {
    await this.#bank.direct(this.#direct.take(request.id), () => this.#bank.remote.release(request.id));
    return { ...denied, balances: await this.#bank.balances(denied.budget) };
  }

  /** The whole cap for a call that was clamped, where it fits by now. */
  async #unclamped({ chain }: Line, request: ReserveRequest, clamped: Admitted): Promise<Admission> {
    const { outputCap } = request;
    const reserved = worstCase(request, outputCap);
    const more = subtractAmounts(reserved, clamped.reserved);
    const grown = await this.#bank
      .direct(chain, () => this.#bank.remote.grow(chain, request.id, more))
      .catch(() => false);
    return grown ? { admitted: true, outputCap, reserved } : clamped;
  }

  /** What slices with open calls have left, for a call that the remote store cannot pay for. */
  #fromRest(line: Line, request: ReserveRequest, denied: Denied): Admission | undefined {
    if (denied.budget.mode !== 'strict' || denied.limit === 'minutes') return undefined;
    const moment = this.#bank.moment();
    const local = line.admitRest(request, this.#bank.seen(line.chain, moment), moment);
    if (local === undefined) return undefined;
    this.#open.open(request.id, local.reservation, line);
    return local.admission;
  }
}

/** Whether a call got what it asked for; one without a cap of its own asks for its share. */
function asAsked({ outputCap }: Admitted, request: ReserveRequest): boolean {
  return !request.capped || outputCap === request.outputCap;
}
