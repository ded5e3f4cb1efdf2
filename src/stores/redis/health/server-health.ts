import type { StoreFinding } from '../../../budget/index.ts';
import { ignoreRejection } from '../../../util/index.ts';
import { findServerProblems } from './findings.ts';
import { readServerFacts } from './server-facts.ts';

/** Checks whether a server is set up so that it keeps a ledger. */
export class ServerHealth {
  readonly #send: (args: readonly string[], keepsAlive: boolean) => Promise<unknown>;
  readonly #probeKey: string;
  #onFinding: ((finding: StoreFinding) => void) | undefined;

  /**
   * @param send sends a command
   * @param probeKey a key of the ledger that has no data
   * @param onFinding called once, with each problem
   */
  constructor(
    send: (args: readonly string[], keepsAlive: boolean) => Promise<unknown>,
    probeKey: string,
    onFinding: ((finding: StoreFinding) => void) | undefined,
  ) {
    this.#send = send;
    this.#probeKey = probeKey;
    this.#onFinding = onFinding;
  }

  /** Returns the problems. @param keepsAlive whether the process stays alive for it */
  async inspect(keepsAlive: boolean): Promise<readonly StoreFinding[]> {
    return findServerProblems(await readServerFacts((args) => this.#send(args, keepsAlive), this.#probeKey));
  }

  /** Reports the problems in the background; only the first time. */
  report(): void {
    const report = this.#onFinding;
    if (report === undefined) return;
    this.#onFinding = undefined;
    // If the server cannot be reached now, the call itself says so.
    void ignoreRejection(this.inspect(false).then((findings) => findings.forEach(report)));
  }
}
