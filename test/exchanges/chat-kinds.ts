import type { OwnExchange } from '../support/exchange.ts';
import type { JsonObject } from '../support/json.ts';
import { chatBody, chatUsage, jsonExchange } from './build.ts';

const PATH = '/v1/chat/completions';

// The manual is long enough for the prompt cache, which starts at 1024 tokens.
const MANUAL = 'Check the bilge pump, the stern gland and the shore power before casting off. '.repeat(70);

/** Chat completions whose usage has more kinds than input and output, or another price. */
export const chatKindExchanges: readonly OwnExchange[] = [
  jsonExchange(
    PATH,
    {
      id: 'chat-reasoning',
      covers: 'reasoning tokens: billed as output, most of it unseen',
      request: {
        model: 'o3-mini',
        reasoning_effort: 'medium',
        max_completion_tokens: 2000,
        messages: [{ role: 'user', content: 'Three taps fill a tank in 2, 3 and 6 hours. All together?' }],
      },
      expected: { input: 26, output: 410, reasoning: 384 },
    },
    chatBody(
      'o3-mini-2025-01-31',
      'Together they fill one half, one third and one sixth of it in an hour: one hour.',
      chatUsage(26, 410, { completion: { reasoning_tokens: 384 } }),
    ),
  ),
  jsonExchange(
    PATH,
    {
      id: 'chat-cached',
      covers: 'input that was read from the prompt cache',
      request: { model: 'gpt-5.2', messages: manual('What comes first?') },
      expected: { input: 1203, cachedInput: 1024, output: 9 },
    },
    chatBody(
      'gpt-5.2-2025-12-11',
      'The bilge pump.',
      chatUsage(1203, 9, { prompt: { cached_tokens: 1024 } }),
    ),
  ),
  jsonExchange(
    PATH,
    {
      id: 'chat-cache-write',
      covers: 'input that was written to the prompt cache, and some that was read from it',
      request: {
        model: 'gpt-5.6',
        messages: manual('And what comes last?'),
      },
      expected: { input: 1204, cachedInput: 256, cacheWrite: 896, output: 8 },
    },
    chatBody(
      'gpt-5.6-sol',
      'The shore power.',
      chatUsage(1204, 8, { prompt: { cached_tokens: 256, cache_write_tokens: 896 } }),
    ),
  ),
  jsonExchange(
    PATH,
    {
      id: 'chat-audio',
      covers: 'audio in and out',
      request: {
        model: 'gpt-4o-audio-preview',
        modalities: ['text', 'audio'],
        audio: { voice: 'alloy', format: 'wav' },
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'What is said here?' },
              { type: 'input_audio', input_audio: { data: 'UklGRiQAAABXQVZF', format: 'wav' } },
            ],
          },
        ],
      },
      expected: { input: 61, audioInput: 46, output: 108, audioOutput: 87 },
    },
    chatBody(
      'gpt-4o-audio-preview-2025-06-03',
      [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: null,
            refusal: null,
            audio: {
              id: 'audio_own_1',
              expires_at: 1_772_445_600,
              data: 'UklGRiQAAABXQVZF',
              transcript: 'Ahoy.',
            },
          },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      chatUsage(61, 108, {
        prompt: { audio_tokens: 46, text_tokens: 15, image_tokens: 0 },
        completion: { audio_tokens: 87, text_tokens: 21 },
      }),
    ),
  ),
  jsonExchange(
    PATH,
    {
      id: 'chat-predicted',
      covers: 'predicted outputs: what was rejected is billed as output too',
      request: {
        model: 'gpt-4o-mini',
        messages: [
          { role: 'user', content: 'Rename depth to draught: const depth = 3; hold(depth); sound(depth);' },
        ],
        prediction: { type: 'content', content: 'const depth = 3; hold(depth); sound(depth);' },
      },
      expected: { input: 25, output: 27, acceptedPrediction: 8, rejectedPrediction: 9 },
    },
    chatBody(
      'gpt-4o-mini-2024-07-18',
      'const draught = 3; hold(draught); sound(draught);',
      chatUsage(25, 27, { completion: { accepted_prediction_tokens: 8, rejected_prediction_tokens: 9 } }),
    ),
  ),
  tiered('chat-flex', 'flex', 'flex', 'half the price'),
  tiered('chat-priority', 'priority', 'priority', 'twice the price, about'),
  tiered('chat-priority-denied', 'priority', 'default', 'priority was asked for and default was given'),
];

function tiered(id: string, asked: string, given: string, covers: string): OwnExchange {
  return jsonExchange(
    PATH,
    {
      id,
      covers: `service tier ${given}: ${covers}`,
      request: {
        model: 'gpt-5-mini',
        service_tier: asked,
        messages: [{ role: 'user', content: `Name three knots (${id}).` }],
      },
      expected: { input: 14, output: 150, reasoning: 128 },
    },
    {
      ...chatBody(
        'gpt-5-mini-2025-08-07',
        'Bowline, sheet bend, clove hitch.',
        chatUsage(14, 150, { completion: { reasoning_tokens: 128 } }),
      ),
      service_tier: given,
    },
  );
}

function manual(question: string): JsonObject[] {
  return [
    { role: 'system', content: MANUAL },
    { role: 'user', content: question },
  ];
}
