import {
  type Admission,
  type Admitted,
  type BudgetDefinition,
  type Denied,
  type ReserveRequest,
  subtractAmounts,
  worstCaseAmounts,
} from '../../budget/index.ts';
import type { BoundedMap } from '../../util/index.ts';
import type { ChainQuotas } from './chain-quotas.ts';
import type { LocalReservations } from './local-reservations.ts';
import type { QuotaPool } from './quota-pool.ts';
import { returnIdleQuotas } from './return-quotas.ts';

/** The chains of reservations that are on the remote store itself, by id. */
export type RemoteReservations = BoundedMap<string, readonly BudgetDefinition[]>;

/**
 * Admits the calls that no quota can pay for on the remote store itself, by the rules for the whole budgets.
 */
export class RemoteAdmission {
  readonly #pool: QuotaPool;
  readonly #local: LocalReservations;
  readonly #remote: RemoteReservations;

  /**
   * @param local gets the calls that are admitted from a quota after all
   * @param remote gets the calls that are reserved on the remote store
   */
  constructor(pool: QuotaPool, local: LocalReservations, remote: RemoteReservations) {
    this.#pool = pool;
    this.#local = local;
    this.#remote = remote;
  }

  /** Reserves a call remotely, and a quota for the calls after it if it is part of a burst. */
  async reserve(chainQuotas: ChainQuotas, request: ReserveRequest): Promise<Admission> {
    const { chain } = chainQuotas;
    this.#remote.set(request.id, chain);
    let answer = await this.#ask(chain, request);
    if (answer.admitted && this.#denyReached(chainQuotas, request) !== undefined) {
      // The limit may have been raised, or the budget reset, since the balances were read.
      await Promise.all(chain.map((budget) => this.#pool.known.refresh(budget)));
      const denied = this.#denyReached(chainQuotas, request);
      if (denied !== undefined) return this.#withdraw(request, denied);
    }
    if (answer.admitted && isAsRequested(answer, request)) {
      if (chainQuotas.isInBurst) void this.#pool.refill(chainQuotas, answer.reserved);
      return answer;
    }
    this.#pool.pauseRefills(chainQuotas);
    // What our idle quotas hold may pay for it.
    const isReturned = await returnIdleQuotas(this.#pool, chain);
    if (answer.admitted) return isReturned ? this.#raiseCap(chain, request, answer) : answer;
    if (isReturned) answer = await this.#ask(chain, request);
    if (answer.admitted) return answer;
    this.#remote.delete(request.id);
    const admission = this.#admitFromRest(chainQuotas, request, answer);
    if (admission !== undefined) return admission;
    return { ...answer, balances: this.#pool.known.viewOf(answer.budget, answer.balances).balances() };
  }

  #ask(chain: readonly BudgetDefinition[], request: ReserveRequest): Promise<Admission> {
    return this.#pool.known.during(chain, () => this.#pool.remote.reserve(chain, request));
  }

  #denyReached(chainQuotas: ChainQuotas, request: ReserveRequest): Denied | undefined {
    const moment = this.#pool.known.moment();
    return chainQuotas.denyReached(request, this.#pool.known.of(chainQuotas.chain, moment), moment);
  }

  /** Takes back what the remote store admitted without knowing what our quotas have spent. */
  async #withdraw(request: ReserveRequest, denied: Denied): Promise<Denied> {
    const chain = this.#remote.take(request.id);
    await this.#pool.known.during(chain, () => this.#pool.remote.release(request.id));
    return { ...denied, balances: await this.#pool.balances(denied.budget) };
  }

  /** Reserves the whole cap for a call that was clamped, if that fits now. */
  async #raiseCap(
    chain: readonly BudgetDefinition[],
    request: ReserveRequest,
    clamped: Admitted,
  ): Promise<Admitted> {
    const { outputCap } = request;
    const reserved = worstCaseAmounts(request, outputCap);
    const more = subtractAmounts(reserved, clamped.reserved);
    const isGrown = await this.#pool.known
      .during(chain, () => this.#pool.remote.grow(chain, request.id, more))
      .catch(() => false);
    return isGrown ? { admitted: true, outputCap, reserved } : clamped;
  }

  /** Admits a call that the remote store cannot pay for from what quotas with open calls have left. */
  #admitFromRest(chainQuotas: ChainQuotas, request: ReserveRequest, denied: Denied): Admission | undefined {
    if (denied.budget.mode !== 'strict' || denied.limit === 'minutes') return undefined;
    const moment = this.#pool.known.moment();
    const budgets = this.#pool.known.of(chainQuotas.chain, moment);
    const local = chainQuotas.admitFromRest(request, budgets, moment);
    if (local === undefined) return undefined;
    this.#local.add(request.id, local.reservation, chainQuotas);
    return local.admission;
  }
}

/** Whether a call got the cap that it asked for; one without a cap of its own asks for its share. */
function isAsRequested({ outputCap }: Admitted, request: ReserveRequest): boolean {
  return !request.capped || outputCap === request.outputCap;
}
