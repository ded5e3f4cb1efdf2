import type { ApiClient, ApiRequest } from '../../providers/index.ts';
import { diag, failOpen } from '../../telemetry/api/index.ts';
import type { Method } from './sdk-types.ts';
import { type BuiltRequest, lateCallOf, putFields, putFieldsIntoBytes, sentCallOf } from './sent-call.ts';

/** Puts the cap of a call into the text that is sent, and starts a late call. */
export function wrapBuildRequest(original: Method): Method {
  return function buildRequest(this: ApiClient, options: ApiRequest, ...rest: unknown[]): unknown {
    const built: unknown = original.call(this, options, ...rest);
    if (!isChanged(options)) return built;
    if (built instanceof Promise)
      return built.then((request: BuiltRequest) => finishRequest(options, request));
    failOpen('putting a cap into a request', () => putFields(options, built as BuiltRequest));
    return built;
  };
}

/** The same for openai 4, whose `buildRequest` does not wait. */
export function wrapPrepareRequest(original: Method): Method {
  return async function prepareRequest(
    this: ApiClient,
    req: BuiltRequest['req'],
    about: { readonly url: string; readonly options: ApiRequest },
  ): Promise<unknown> {
    const late = lateCallOf(about.options);
    if (late !== undefined && !late.isStarted) await finishRequest(about.options, { req, url: about.url });
    return original.call(this, req, about);
  };
}

/** Whether something is put into the request with these options, or its call starts when it has been built. */
function isChanged(options: object): boolean {
  return lateCallOf(options) !== undefined || sentCallOf(options)?.fields !== undefined;
}

/** Starts a late call, and puts the fields of any call into its request. */
async function finishRequest(options: ApiRequest, built: BuiltRequest): Promise<BuiltRequest> {
  await lateCallOf(options)?.start(options, built);
  failOpen('putting a cap into a request', () => putFields(options, built));
  await putFieldsIntoBytes(options, built).catch((error: unknown) =>
    diag.error('otel-token-budget: putting a cap into a request failed', error),
  );
  return built;
}
