import { readUsage, type TokenUsage, tokenUsage } from '../../usage/index.ts';
import { type Fields, isRecord } from '../../util/index.ts';
import type { Endpoint, ParsedResponse } from '../contract/index.ts';
import { endpointOf, integerBetween, videoOf } from './endpoints/index.ts';
import { isUnfinished, parseResponse } from './response.ts';

/** The usage of one model that a deferred call is billed for. */
export interface DeferredBill {
  /** Absent if the object does not name it. */
  readonly model?: string;
  readonly usage: TokenUsage;
  readonly serviceTier?: string;
  /** How many requests the usage covers: a long input changes the price of its own request only. */
  readonly requests: number;
}

/** A deferred call that has completed, as an object of the API reports it. */
export interface DeferredCompletion {
  readonly id: string;
  /** The endpoint that the call was made to. */
  readonly endpoint: Endpoint;
  readonly response: ParsedResponse;
  /** What the API reports, as it is. */
  readonly object: Fields;
  /** Empty if nothing is billed; undefined if the object does not say. */
  readonly bills: readonly DeferredBill[] | undefined;
}

/** A kind of object that reports a deferred call. */
interface DeferredKind {
  /** The path that the call was made to. */
  readonly path: string;
  readonly bills: (object: Fields, response: ParsedResponse) => readonly DeferredBill[] | undefined;
}

/** By the `object` field. */
const KINDS: Readonly<Record<string, DeferredKind>> = {
  response: { path: '/responses', bills: (_object, response) => billsOfResponse(response) },
  batch: { path: '/batches', bills: billsOfBatch },
  'thread.run': { path: '/threads/runs', bills: (_object, response) => billsOfResponse(response) },
  'eval.run': { path: '/evals/{id}/runs', bills: billsOfEval },
  video: { path: '/videos', bills: billsOfVideo },
};

/** Reads a deferred call that has completed; undefined for any other object. Never throws. */
export function deferredCompletionOf(value: unknown): DeferredCompletion | undefined {
  if (!isRecord(value) || typeof value['id'] !== 'string' || typeof value['object'] !== 'string')
    return undefined;
  const kind = Object.hasOwn(KINDS, value['object']) ? KINDS[value['object']] : undefined;
  const endpoint = endpointOf('post', kind?.path);
  if (kind === undefined || endpoint === undefined || isUnfinished(value)) return undefined;
  const response = parseResponse(value, endpoint);
  return { id: value['id'], endpoint, response, object: value, bills: kind.bills(value, response) };
}

/** The usage that the object reports, and that of its tools at the prices of other models. */
function billsOfResponse({
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

/** A batch that was rejected as a whole, or of which no request completed, costs nothing. */
function billsOfBatch(batch: Fields, response: ParsedResponse): readonly DeferredBill[] | undefined {
  const counts = isRecord(batch['request_counts']) ? batch['request_counts'] : {};
  if (batch['status'] === 'failed' || counts['completed'] === 0) return [];
  const requests = integerBetween(counts['completed'], 1, 1_000_000_000) ?? 1;
  return billsOfResponse(response)?.map((bill) => ({ ...bill, serviceTier: 'batch', requests }));
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
