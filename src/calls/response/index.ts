export { abandonIfCollected, abandonIfUnread } from './abandoned-responses.ts';
export { type BodySink, BufferedBodySink, SseBodySink } from './body-sinks.ts';
export { guardStream } from './guarded-body.ts';
export { guardRawResponse, isRawResponse, type RawResponse } from './raw-response.ts';
export { StreamGuard } from './stream-guard.ts';
