export { endIfDropped, endIfUnread } from './abandoned-responses.ts';
export { type AnswerSink, EventSink, WholeSink } from './body-sinks.ts';
export { meteredStream } from './metered-body.ts';
export { isRawResponse, type RawResponse, watchResponse } from './raw-response.ts';
export { StreamMeter } from './stream-guard.ts';
