import { addAmounts, fixedWorstCase, NOTHING, type WorstCase, worstCaseAmounts } from '../../budget/index.ts';
import { BATCH_PRICE, type PriceBook } from '../../pricing/index.ts';
import { type ApiClient, type KnownFiles, planRequest } from '../../providers/index.ts';
import { BoundedMap, isRecord, parseJson } from '../../util/index.ts';
import { initialWorstCase, type ResponseHistory } from '../cost/index.ts';

/** The most files remembered; the oldest are forgotten first. */
const MAX_FILES = 1_000;

/**
 * The worst cases of the batch files uploaded by this process. Only the sum of a file is kept, none of its
 * content.
 */
export class BatchFiles implements KnownFiles {
  readonly #prices: PriceBook;
  readonly #history: ResponseHistory;
  readonly #known = new BoundedMap<string, WorstCase | undefined>(MAX_FILES);
  readonly #reading = new Map<string, Promise<void>>();

  constructor(prices: PriceBook, history: ResponseHistory) {
    this.#prices = prices;
    this.#history = history;
  }

  /**
   * Reads a file while it is uploaded.
   * @returns a function to call with the id that the upload returned
   */
  read(client: ApiClient, file: Blob): (fileId: string) => void {
    const worst = this.#sumOf(client, file).catch(() => undefined);
    return (fileId) => {
      const done = worst.then((known) => {
        this.#reading.delete(fileId);
        this.#known.set(fileId, known);
      });
      this.#reading.set(fileId, done);
    };
  }

  /** Resolves once the file, if this process uploaded it, has been read. */
  async ready(fileId: string): Promise<void> {
    await this.#reading.get(fileId);
  }

  /** The worst case of a file; undefined if it was not uploaded by this process or has no bound. */
  worstCaseOf(fileId: string): WorstCase | undefined {
    return this.#known.get(fileId);
  }

  /** Sums the worst cases of the lines at the batch price; undefined if one of them has no bound. */
  async #sumOf(client: ApiClient, file: Blob): Promise<WorstCase | undefined> {
    let sum = NOTHING;
    for await (const line of linesOf(file)) {
      const one = this.#worstCaseOfLine(client, line);
      if (one === undefined) return undefined;
      sum = addAmounts(sum, one);
    }
    const [numerator, denominator] = BATCH_PRICE;
    const costNanoUsd = Math.ceil((sum.costNanoUsd * numerator) / denominator);
    return fixedWorstCase({ costNanoUsd, tokens: sum.tokens, calls: 1 });
  }

  #worstCaseOfLine(client: ApiClient, line: string) {
    const request = parseJson(line);
    // A line that is not a request makes the service reject the whole batch.
    if (!isRecord(request) || typeof request['url'] !== 'string') return NOTHING;
    const path = request['url'].replace(/^\/v\d+(?=\/)/, '');
    if (path === '/moderations') return NOTHING;
    const plan = planRequest(client, { method: 'post', path, body: request['body'] });
    if (plan === undefined) return undefined;
    const card = this.#prices.lookup(plan.priceQuery);
    const worst = initialWorstCase(plan, card, this.#history, this);
    return worst && worstCaseAmounts({ ...worst, id: '', leaseMs: 0 }, worst.outputCap);
  }
}

/** The lines of a file, chunk by chunk, so that the event loop is not blocked. */
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
