import { DashboardBuilder, DashboardCursorSync, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { PercentUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { lines, stacked } from './panels.ts';
import { label, range, traceLink } from './sources.ts';
import { modelVariable, serviceVariable } from './variables.ts';

const CHOSEN = 'job=~"$service", gen_ai_request_model=~"$model"';
/** Of metrics that the Collector makes from spans; they alone have exemplars. */
const SPANS = 'service_name=~"$service", gen_ai_request_model=~"$model", gen_ai_operation_name!=""';
const MODEL_LINK = traceLink(label('job'), {
  'gen_ai.request.model': label('gen_ai_request_model'),
});
const SPAN_LINK = traceLink(label('service_name'), {
  'gen_ai.request.model': label('gen_ai_request_model'),
});
const BY_MODEL = 'job, gen_ai_request_model';

const latency = (share: number): string =>
  `histogram_quantile(${share}, sum by (le, service_name, gen_ai_request_model) (rate(span_duration_seconds_bucket{${SPANS}, token_budget_decision!="deny"}[$__rate_interval])))`;
const firstChunk = (share: number): string =>
  `histogram_quantile(${share}, sum by (le, ${BY_MODEL}) (rate(gen_ai_client_inference_time_to_first_chunk_seconds_bucket{${CHOSEN}}[$__rate_interval])))`;
const calls = (more = ''): string =>
  `sum by (${BY_MODEL}) (rate({__name__=~"gen_ai_client_(inference|embeddings|operation)_duration_seconds_count", ${CHOSEN}${more}}[$__rate_interval]))`;

export function callsDashboard(): DashboardBuilder {
  return new DashboardBuilder('Model calls')
    .uid('token-budget-calls')
    .description('How fast models answer, and how often they fail')
    .tags(['token-budget'])
    .time({ from: 'now-3h', to: 'now' })
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(serviceVariable())
    .withVariable(modelVariable())
    .withRow(new RowBuilder('Time'))
    .withPanel(
      lines(
        {
          title: 'Latency',
          description:
            'From the request until the answer is read to its end, by model. Each dot is a call and leads to its trace.',
          width: 24,
          unit: Seconds,
          link: SPAN_LINK,
          thresholds: { 30: 'orange', 60: 'red' },
        },
        [
          range('A', latency(0.5), '{{gen_ai_request_model}} p50').exemplar(true),
          range('B', latency(0.95), '{{gen_ai_request_model}} p95').exemplar(true),
          range('C', latency(0.99), '{{gen_ai_request_model}} p99').exemplar(true),
        ],
      ),
    )
    .withPanel(
      lines(
        {
          title: 'Time to first chunk',
          description: 'Streams: time from the request to the first chunk, by model.',
          width: 12,
          unit: Seconds,
          link: MODEL_LINK,
          thresholds: { 5: 'orange', 15: 'red' },
        },
        [
          range('A', firstChunk(0.5), '{{gen_ai_request_model}} p50'),
          range('B', firstChunk(0.95), '{{gen_ai_request_model}} p95'),
        ],
      ),
    )
    .withPanel(
      lines(
        {
          title: 'Output tokens per second',
          description:
            'Output tokens over the time that calls took, waiting for the first included, by model.',
          width: 12,
          unit: Short,
          link: MODEL_LINK,
        },
        [
          range(
            'A',
            `sum by (${BY_MODEL}) (rate(token_budget_tokens_total{${CHOSEN}, token_budget_token_kind="output"}[$__rate_interval])) / (sum by (${BY_MODEL}) (rate(gen_ai_client_inference_duration_seconds_sum{${CHOSEN}}[$__rate_interval])) > 0)`,
            '{{gen_ai_request_model}}',
          ),
        ],
      ),
    )
    .withRow(new RowBuilder('Number and errors'))
    .withPanel(
      stacked(
        {
          title: 'Calls by decision',
          description: 'Calls per minute by admission decision: admit, clamp (lower output cap) or deny.',
          width: 8,
          unit: Short,
          link: traceLink(label('job'), {
            'token_budget.decision': label('token_budget_decision'),
          }),
        },
        [
          range(
            'A',
            `sum by (job, token_budget_decision) (rate(token_budget_calls_total{${CHOSEN}}[$__rate_interval])) * 60`,
            '{{token_budget_decision}}',
          ),
        ],
      ),
    )
    .withPanel(
      lines(
        {
          title: 'Failed share',
          description:
            'Of the calls that were sent, those that ended with an error. Refused calls are not sent.',
          width: 8,
          unit: PercentUnit,
          link: traceLink(label('job'), { error: 'true' }),
          thresholds: { 0.01: 'orange', 0.05: 'red' },
        },
        [
          range(
            'A',
            `(${calls(', error_type!=""')} or (${calls()} * 0)) / (${calls()} > 0)`,
            '{{gen_ai_request_model}}',
          ),
        ],
      ).axisSoftMax(0.05),
    )
    .withPanel(
      stacked(
        {
          title: 'Errors by type',
          description:
            'Spans with an error a minute: HTTP statuses, timeouts, refusals. Each dot is a call and leads to its trace.',
          width: 8,
          unit: Short,
          link: traceLink(label('service_name'), { 'error.type': label('error_type') }),
        },
        [
          range(
            'A',
            `sum by (service_name, error_type) (rate(span_calls_total{${SPANS}, error_type!=""}[$__rate_interval])) * 60`,
            '{{error_type}}',
          ).exemplar(true),
        ],
      ),
    );
}
