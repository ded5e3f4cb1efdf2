import { type CallServices, reportUnmetered, settleDeferredCall } from '../../calls/index.ts';
import {
  type ApiClient,
  type ApiRequest,
  deferredCompletionOf,
  endpointSupport,
  providerOf,
  requestFields,
} from '../../providers/index.ts';
import { failOpen } from '../../telemetry/api/index.ts';
import { budgetOfCall } from '../../telemetry/context/index.ts';
import { ignoreRejection, isPromise, isRecord, oneOrMany } from '../../util/index.ts';
import { isSdkStream, type SdkStream } from './sdk-types.ts';

/** Observes the response to a request that is not a call of a model. */
export type ResponseObserver = (value: unknown) => void;

/** The paths whose responses report deferred calls. */
const DEFERRED_PATHS = /^\/(responses|batches|threads\/[^/]+\/runs|evals\/[^/]+\/runs|videos)(\/|\?|$)/;

/**
 * The observer of a request that is not a call itself: it sees the completion of deferred calls, and the
 * batch files that are uploaded. Undefined if the response is of no interest.
 * @throws UnmeteredEndpointError if its cost is unknown and `unmeteredEndpoints` is `refuse`
 */
export function responseObserverFor(
  services: CallServices,
  client: ApiClient,
  request: ApiRequest,
): ResponseObserver | undefined {
  const { method, path } = request;
  if (typeof method !== 'string' || typeof path !== 'string') return undefined;
  const { support, name } = endpointSupport(method, path);
  if (support === 'unmetered') reportUnmetered(services, budgetOfCall(services.tracker), name, 'endpoint');
  if (name === 'POST /files') return batchFileObserver(services, client, request);
  return DEFERRED_PATHS.test(path) ? (value) => settleCompleted(services, client, value) : undefined;
}

/** Reads the file of a batch while it is uploaded. */
function batchFileObserver(
  services: CallServices,
  client: ApiClient,
  request: ApiRequest,
): ResponseObserver | undefined {
  const fields = requestFields(request);
  const file = fields?.['file'];
  if (fields?.['purpose'] !== 'batch' || !(file instanceof Blob)) return undefined;
  const setId = services.batchFiles.read(client, file);
  return (value) => {
    if (isRecord(value) && typeof value['id'] === 'string') setId(value['id']);
  };
}

/**
 * Settles the deferred calls that an object, a page of objects or a stream of events reports as completed.
 */
function settleCompleted(services: CallServices, client: ApiClient, value: unknown): void {
  if (isSdkStream(value)) {
    observeEvents(value, (event) => settleCompleted(services, client, event));
    return;
  }
  if (!isRecord(value)) return;
  for (const object of [value, value['response'], ...oneOrMany(value['data'])]) {
    const completion = deferredCompletionOf(object);
    if (completion === undefined) continue;
    const settled = settleDeferredCall(services, completion, providerOf(client));
    if (isPromise(settled)) void ignoreRejection(settled);
  }
}

/** Observes the events of a stream on their way to the application. */
function observeEvents(stream: SdkStream, observer: ResponseObserver): void {
  const open = stream.iterator;
  stream.iterator = async function* observed() {
    for await (const event of { [Symbol.asyncIterator]: () => open.call(stream) }) {
      failOpen('observing an event', () => observer(event));
      yield event;
    }
  };
}
