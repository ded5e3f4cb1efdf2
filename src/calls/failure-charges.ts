import { formatValue } from '../util/index.ts';

/** What a failed request is charged. */
export type FailureCharge = 'nothing' | 'estimate' | 'worst-case';

const FAILURE_CHARGES: readonly FailureCharge[] = ['nothing', 'estimate', 'worst-case'];

/** What requests are charged that fail with an error status, by the status: from 400 to 599. */
export type FailureBilling = Readonly<Record<string, FailureCharge>>;

/** What each status is charged. */
export type FailureCharges = ReadonlyMap<number, FailureCharge>;

/**
 * The statuses that may have been billed. Azure bills every request that was processed, whatever its status
 * (https://learn.microsoft.com/azure/ai-services/openai/how-to/manage-costs); the other services do not say. A
 * status that is not listed is charged nothing: the request was rejected before a model saw it.
 */
const DEFAULT_CHARGES: FailureBilling = {
  // Azure names a 408 due to a timeout among the requests that it bills.
  408: 'estimate',
  // The service failed while it processed the request (https://platform.openai.com/docs/guides/error-codes),
  // for example since the model's output was invalid (Azure OpenAI's FAQ).
  500: 'estimate',
  // A gateway got an invalid answer (RFC 9110, 15.6.3): the model may have worked until its end.
  502: 'worst-case',
  // Overload, before a model works (OpenAI's error codes; RFC 9110, 15.6.4). Envoy also answers so if the
  // connection to the service broke while it waited for an answer (response flags UC and UR,
  // https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage).
  503: 'estimate',
  // A gateway (RFC 9110, 15.6.5) or the service (https://platform.claude.com/docs/en/api/errors) stopped waiting for
  // the model: the same as a timeout of the client.
  504: 'worst-case',
  // Cloudflare (https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/):
  // the service closed the connection after the request, or did not answer it in time. 521 to 523, 525 and
  // 526 are failures to connect.
  520: 'worst-case',
  524: 'worst-case',
  // 529, Anthropic's overload, is a rejection like a 429 (https://platform.claude.com/docs/en/api/errors).
};

const DEFAULTS = chargesOf(DEFAULT_CHARGES);

/**
 * Returns what each status is charged: as given, else by default.
 * @throws TypeError that names a wrong field
 */
export function failureCharges(given: FailureBilling | undefined): FailureCharges {
  return given === undefined ? DEFAULTS : new Map([...DEFAULTS, ...chargesOf(given)]);
}

function chargesOf(billing: FailureBilling): FailureCharges {
  return new Map(
    Object.entries(billing).map(([status, charge]) => {
      if (!/^[45]\d\d$/.test(status))
        throw new TypeError(
          `failureBilling: got the status ${formatValue(status)}, expected one from 400 to 599`,
        );
      if (!FAILURE_CHARGES.includes(charge)) {
        const got = formatValue(charge);
        throw new TypeError(`failureBilling.${status}: got ${got}, expected nothing, estimate or worst-case`);
      }
      return [Number(status), charge];
    }),
  );
}
