import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { billOf } from '../../support/bill.ts';
import { runVendor } from './run.ts';

const SCRIPT = `
const { embed, generateText, Output, registerTelemetry, stepCountIs, streamText, tool } = await import('ai');
const telemetry = await import('@ai-sdk/otel');
const { createOpenAI } = await import('@ai-sdk/openai');
const { z } = await import('zod');
registerTelemetry(new telemetry[TELEMETRY]());
const openai = createOpenAI({ baseURL: url + '/v1' });
const weather_at = tool({ description: 'The temperature at a place, now.', inputSchema: z.object({ place: z.string() }), execute: async () => '4 °C' });
const question = { prompt: 'How warm is it in Nuuk?', tools: { weather_at }, stopWhen: stepCountIs(3) };
await generateText({ model: openai.chat('gpt-4.1'), ...question });
await generateText({ model: openai('gpt-5.2'), ...question });
await streamText({ model: openai.chat('gpt-4.1'), ...question }).text;
await embed({ model: openai.embedding('text-embedding-3-small'), value: 'Nuuk' });
`;

describe('spans of the AI SDK', { concurrency: 2 }, () => {
  for (const telemetry of ['OpenTelemetry', 'LegacyOpenTelemetry']) {
    test(`${telemetry}: each step is charged, and the spans that sum them are not`, async () => {
      const { settled, missing, server, vendorSpans } = await runVendor({
        workspace: 'ai-sdk',
        with: 'alone',
        script: `const TELEMETRY = '${telemetry}';${SCRIPT}`,
      });
      assert.equal(server.account.length, 7);
      assert.deepEqual(settled, billOf(server.account));
      assert.deepEqual(missing, []);
      assert.ok(vendorSpans.length > 11, String(vendorSpans));
    });
  }
});
