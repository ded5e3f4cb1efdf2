import { type CallHost, safely, settleWork, tellNotCounted } from '../../calls/index.ts';
import {
  type Client,
  coverageOf,
  providerOf,
  type RequestOptions,
  requestFields,
  workEndOf,
} from '../../providers/index.ts';
import { currentBudget } from '../../telemetry/context/index.ts';
import { isPromise, isRecord, oneOrMany, quietly } from '../../util/index.ts';
import { isSdkStream, type SdkStream } from './sdk-types.ts';

/** What looks at the answer of a request that is no call of a model. */
export type Watch = (value: unknown) => void;

/**
 * What a request that is not counted itself is watched for: its cost, which nobody knows, the end of work that is paid for, a file
 * of batched requests. Undefined where it is of no interest.
 * @throws EndpointNotCountedError where `strict` does not let it pass
 */
export function watchOf(host: CallHost, client: Client, options: RequestOptions): Watch | undefined {
  const { method, path } = options;
  if (typeof method !== 'string' || typeof path !== 'string') return undefined;
  const { coverage, endpoint } = coverageOf(method, path);
  if (coverage === 'not counted') tellNotCounted(host, currentBudget() ?? host.tracker, endpoint, 'endpoint');
  if (endpoint === 'POST /files') return fileWatch(host, client, options);
  return TELLS_OF_WORK.test(path) ? (value) => lookForWork(host, client, value) : undefined;
}

/** The paths whose answers tell of work. */
const TELLS_OF_WORK = /^\/(responses|batches|threads\/[^/]+\/runs|evals\/[^/]+\/runs|videos)(\/|\?|$)/;

/** The file of a batch is read while it is sent. */
function fileWatch(host: CallHost, client: Client, options: RequestOptions): Watch | undefined {
  const fields = requestFields(options);
  const file = fields?.['file'];
  if (fields?.['purpose'] !== 'batch' || !(file instanceof Blob)) return undefined;
  const named = host.files.read(client, file);
  return (value) => {
    if (isRecord(value) && typeof value['id'] === 'string') named(value['id']);
  };
}

/** An object, a page of them, or a stream of events that have them. */
function lookForWork(host: CallHost, client: Client, value: unknown): void {
  if (isSdkStream(value)) {
    watchEvents(value, (event) => lookForWork(host, client, event));
    return;
  }
  if (!isRecord(value)) return;
  for (const object of [value, value['response'], ...oneOrMany(value['data'])]) {
    const end = workEndOf(object);
    if (end === undefined) continue;
    const settled = settleWork(host, end, providerOf(client));
    if (isPromise(settled)) void quietly(settled);
  }
}

/** Looks at the events of a stream on their way to the application. */
function watchEvents(stream: SdkStream, look: Watch): void {
  const open = stream.iterator;
  stream.iterator = async function* watched() {
    for await (const event of { [Symbol.asyncIterator]: () => open.call(stream) }) {
      safely('an event', () => look(event));
      yield event;
    }
  };
}
