import { addAmounts, fixedCost, NOTHING, type WorstCase, worstCase } from '../../budget/index.ts';
import type { PriceBook } from '../../pricing/index.ts';
import { type Client, isTokenPlan, type KnownFiles, planOf } from '../../providers/index.ts';
import { BoundedMap, isRecord, parseJson } from '../../util/index.ts';
import type { ResponseMemory } from '../cost/index.ts';
import { boundQuote, firstQuote } from '../cost/index.ts';

/** The most files remembered; the oldest are forgotten first. */
const SIZE = 1_000;

/**
 * The worst cases of files of batched requests that were uploaded in this process. Of a file its sum is kept, nothing that
 * stands in it.
 */
export class BatchFiles implements KnownFiles {
  readonly #prices: PriceBook;
  readonly #memory: ResponseMemory;
  readonly #known = new BoundedMap<string, WorstCase | undefined>(SIZE);
  readonly #reading = new Map<string, Promise<void>>();

  constructor(prices: PriceBook, memory: ResponseMemory) {
    this.#prices = prices;
    this.#memory = memory;
  }

  /** Reads a file that is being uploaded, beside the upload; what it may cost is known by the id that the upload gives. */
  read(client: Client, file: Blob): (fileId: string) => void {
    const worst = this.#worstOf(client, file).catch(() => undefined);
    return (fileId) => {
      const done = worst.then((known) => {
        this.#reading.delete(fileId);
        this.#known.set(fileId, known);
      });
      this.#reading.set(fileId, done);
    };
  }

  /** Resolves when the file, if it is known, has been read. */
  async ready(fileId: string): Promise<void> {
    await this.#reading.get(fileId);
  }

  worstOf(fileId: string): WorstCase | undefined {
    return this.#known.get(fileId);
  }

  /** The sum of the worst cases of its lines, at the price of batches; undefined where one of them has no bound. */
  async #worstOf(client: Client, file: Blob): Promise<WorstCase | undefined> {
    let sum = NOTHING;
    for await (const line of linesOf(file)) {
      const one = this.#ofLine(client, line);
      if (one === undefined) return undefined;
      sum = addAmounts(sum, one);
    }
    return fixedCost({ costNanoUsd: Math.ceil(sum.costNanoUsd / 2), tokens: sum.tokens, calls: 1 });
  }

  #ofLine(client: Client, line: string) {
    const request = parseJson(line);
    // A line that is no request makes the service refuse the whole batch.
    if (!isRecord(request) || typeof request['url'] !== 'string') return NOTHING;
    const path = request['url'].replace(/^\/v\d+(?=\/)/, '');
    if (path === '/moderations') return NOTHING;
    const plan = planOf(client, { method: 'post', path, body: request['body'] });
    if (plan === undefined) return undefined;
    const { baseUrl } = plan.provider;
    const card = this.#prices.lookup({
      model: plan.model,
      ...(baseUrl === undefined ? {} : { baseUrl }),
    });
    const quote = isTokenPlan(plan)
      ? boundQuote(plan, card, this.#memory)
      : firstQuote(plan, card, this.#memory, this);
    if (quote === undefined) return undefined;
    const whole = { ...quote.request, id: '', leaseMs: 0 };
    return worstCase(whole, whole.outputCap);
  }
}

/** The lines of a file, a piece at a time: the event loop goes on between them. */
async function* linesOf(file: Blob): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of file.stream()) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  yield rest;
}
