import { providerNameOf } from '../compatible/index.ts';
import { type ProviderApi, withProviderName } from '../contract/index.ts';
import { planTarget } from '../openai/index.ts';
import { chatContentOfMessages } from './content.ts';
import {
  ChatChunkTranslator,
  chatRequestOfMessages,
  chatResponseOfMessages,
  outgoingMessagesBody,
} from './messages.ts';

/** Anthropic's Messages API, at Anthropic or a service that is compatible with it. */
export const ANTHROPIC_API: ProviderApi = {
  serves: (path) => path === '/messages',
  plan(target, body, signal) {
    const plan = planTarget({ ...target, path: '/chat/completions' }, chatRequestOfMessages(body), signal);
    if (plan === undefined) return undefined;
    const { apiType: _, ...endpoint } = plan.endpoint;
    // Any service with this API sells Anthropic's models.
    const name = providerNameOf(target.hostname) ?? 'anthropic';
    return {
      ...withProviderName(plan, name),
      endpoint,
      contentBody: () => chatContentOfMessages(body),
    };
  },
  outgoingBody: (_plan, body, clampedTo) => ({
    body: outgoingMessagesBody(body, clampedTo),
    addsUsageChunk: false,
  }),
  toOpenAiResponse: chatResponseOfMessages,
  newEventTranslator: () => new ChatChunkTranslator().translate,
};
