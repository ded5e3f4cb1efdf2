import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ownExchanges } from '../exchanges/index.ts';
import type { OwnExchange } from '../support/exchange.ts';
import { NODE, NODE_22, OLDEST_NODES, OPENAI_VERSIONS, type OpenaiVersion } from '../support/paths.ts';
import { replayUnderPreload } from '../support/replay-run.ts';

const NODES = { ...OLDEST_NODES, 'Node 22': NODE_22, "the package's Node": NODE };

const ALL_VERSIONS = Object.keys(OPENAI_VERSIONS) as OpenaiVersion[];
const OLDEST_AND_NEWEST: readonly OpenaiVersion[] = ['4-oldest', '7'];

/** Well-formed exchanges that every release of the SDK can send. */
function exchangesFor(openai: OpenaiVersion): OwnExchange[] {
  const hasResponses = openai !== '4-oldest';
  const hasCompact = openai === '6' || openai === '7';
  return ownExchanges.filter(
    ({ path, expected, provider, status }) =>
      status === 200 &&
      expected !== undefined &&
      (hasResponses || !path.startsWith('/v1/responses')) &&
      (hasCompact || path !== '/v1/responses/compact') &&
      (openai !== '4-oldest' || provider !== 'azure'),
  );
}

for (const [nodeName, node] of Object.entries(NODES)) {
  describe(nodeName, { concurrency: 2 }, () => {
    for (const openai of nodeName in OLDEST_NODES ? OLDEST_AND_NEWEST : ALL_VERSIONS) {
      for (const kind of ['cjs', 'mjs'] as const) {
        for (const flag of ['--require', '--import'] as const) {
          test(`openai ${openai}, ${kind}, ${flag}`, () => check(openai, kind, flag, node));
        }
      }
    }
  });
}

async function check(
  openai: OpenaiVersion,
  kind: 'cjs' | 'mjs',
  flag: '--require' | '--import',
  node: string,
) {
  const exchanges = exchangesFor(openai);
  assert.ok(exchanges.length >= 10, `${exchanges.length} exchanges`);
  const { results, spans, status, process } = await replayUnderPreload({
    exchanges,
    openai,
    kind,
    flag,
    node,
  });
  assert.equal(process.code, 0);
  assert.equal(withoutNodeWarnings(process.stderr), '');
  assert.deepEqual(
    results.filter(({ ok }) => ok !== true),
    [],
  );
  assert.equal(spans.length, exchanges.length);
  let tokens = 0;
  let cost = 0;
  for (const [index, { id, expected }] of exchanges.entries()) {
    const attributes = spans[index]?.attributes ?? {};
    if (attributes['token_budget.usage.source'] === 'response') {
      assert.equal(attributes['gen_ai.usage.input_tokens'], expected?.input, id);
      assert.equal(attributes['gen_ai.usage.output_tokens'] ?? 0, expected?.output, id);
    }
    tokens +=
      Number(attributes['gen_ai.usage.input_tokens']) + Number(attributes['gen_ai.usage.output_tokens'] ?? 0);
    cost += Number(attributes['token_budget.cost.nano_usd']);
  }
  assert.deepEqual(status.balances.settled, { costNanoUsd: cost, tokens, calls: exchanges.length });
  assert.equal(status.balances.open, 0);
}

/** Node 22.12 warns of its `require` of ES modules, and openai 4 has it warn of `punycode`. */
function withoutNodeWarnings(stderr: string): string {
  return stderr.replace(/^\(node:\d+\) .*\n(Support for loading ES Module .*\n)?(\(Use `node .*\n)?/gm, '');
}
