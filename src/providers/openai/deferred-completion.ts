import { readUsage, type TokenUsage, tokenUsage } from '../../usage/index.ts';
import { isRecord } from '../../util/index.ts';
import type { Endpoint, ParsedResponse } from '../contract/index.ts';
import { endpointOf, integerBetween, videoOf } from './endpoints/index.ts';
import { isUnfinished, parseResponse } from './response.ts';

/** What a piece of work is billed for one model. */
export interface DeferredBill {
  /** Absent where the object does not tell it. */
  readonly model?: string;
  readonly usage: TokenUsage;
  readonly serviceTier?: string;
  /** How many requests the usage is of: a long input changes the price of the request that has it. */
  readonly requests: number;
}

/** Work at its end, as an object of the API tells of it. */
export interface DeferredCompletion {
  readonly id: string;
  /** The endpoint that began it. */
  readonly endpoint: Endpoint;
  readonly response: ParsedResponse;
  /** What it is billed; empty: nothing. Undefined where the object does not say. */
  readonly bills: readonly DeferredBill[] | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** The kinds of objects that tell of work, the path that begins it, and how they are read. */
const KINDS: Readonly<
  Record<
    string,
    { path: string; bills(object: Fields, answer: ParsedResponse): readonly DeferredBill[] | undefined }
  >
> = {
  response: { path: '/responses', bills: (_object, answer) => told(answer) },
  batch: { path: '/batches', bills: billsOfBatch },
  'thread.run': { path: '/threads/runs', bills: (_object, answer) => told(answer) },
  'eval.run': { path: '/evals/{id}/runs', bills: billsOfEval },
  video: { path: '/videos', bills: billsOfVideo },
};

/** Work that has come to its end; undefined of anything else. Never throws. */
export function deferredCompletionOf(value: unknown): DeferredCompletion | undefined {
  if (!isRecord(value) || typeof value['id'] !== 'string' || typeof value['object'] !== 'string')
    return undefined;
  const kind = Object.hasOwn(KINDS, value['object']) ? KINDS[value['object']] : undefined;
  const endpoint = endpointOf('post', kind?.path);
  if (kind === undefined || endpoint === undefined || isUnfinished(value)) return undefined;
  const answer = parseResponse(value, endpoint);
  return { id: value['id'], endpoint, response: answer, bills: kind.bills(value, answer) };
}

/** The usage that the object tells, and what its tools used at the price of others. */
function told({
  usage: reading,
  model,
  serviceTier,
  tools,
}: ParsedResponse): readonly DeferredBill[] | undefined {
  if (!reading.inputKnown || !reading.outputKnown) return undefined;
  const others = (tools?.others ?? []).map((other) => ({ ...other, requests: 1 }));
  const own = {
    usage: reading.usage,
    requests: 1,
    ...(model === undefined ? {} : { model }),
    ...(serviceTier === undefined ? {} : { serviceTier }),
  };
  return [own, ...others];
}

/** A batch that was refused as a whole, or of which no request was answered, costs nothing. */
function billsOfBatch(batch: Fields, answer: ParsedResponse): readonly DeferredBill[] | undefined {
  const counts = isRecord(batch['request_counts']) ? batch['request_counts'] : {};
  if (batch['status'] === 'failed' || counts['completed'] === 0) return [];
  const requests = integerBetween(counts['completed'], 1, 1_000_000_000) ?? 1;
  return told(answer)?.map((bill) => ({ ...bill, serviceTier: 'batch', requests }));
}

function billsOfEval(run: Fields): readonly DeferredBill[] | undefined {
  const models = run['per_model_usage'];
  if (!Array.isArray(models)) return undefined;
  const bills = models.filter(isRecord).map((one): DeferredBill | undefined => {
    const details = { cached_tokens: one['cached_tokens'] };
    const { usage, inputKnown, outputKnown } = readUsage({ ...one, prompt_tokens_details: details });
    if (!inputKnown || !outputKnown || typeof one['model_name'] !== 'string') return undefined;
    const requests = integerBetween(one['invocation_count'], 1, 1_000_000_000) ?? 1;
    return { model: one['model_name'], usage, requests };
  });
  return bills.includes(undefined) ? undefined : bills.filter((bill) => bill !== undefined);
}

function billsOfVideo(video: Fields, { model }: ParsedResponse): readonly DeferredBill[] | undefined {
  if (video['status'] === 'failed') return [];
  const seconds = integerBetween(video['seconds'], 1, 3_600);
  if (seconds === undefined) return undefined;
  const usage = tokenUsage({ units: [videoOf(seconds)] });
  return [{ usage, requests: 1, ...(model === undefined ? {} : { model }) }];
}
