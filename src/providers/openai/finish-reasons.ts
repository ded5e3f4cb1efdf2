import { isRecord, recordsOf } from '../../util/index.ts';

/**
 * Returns why a response ended, for each generation. Chat and Completions report a reason per choice, in words of
 * their own. Responses report a status; the reason that follows from it is one of the finish reasons in
 * gen-ai-output-messages.json of the conventions.
 */
export function finishReasonsOf(response: Readonly<Record<string, unknown>>): string[] {
  if (Array.isArray(response['choices'])) {
    const reasons: string[] = [];
    for (const choice of response['choices']) {
      if (isRecord(choice) && typeof choice['finish_reason'] === 'string')
        reasons.push(choice['finish_reason']);
    }
    return reasons;
  }
  const details = response['incomplete_details'];
  if (isRecord(details) && typeof details['reason'] === 'string')
    return [details['reason'] === 'max_output_tokens' ? 'length' : details['reason']];
  switch (response['status']) {
    case 'completed':
      return [endsInToolCall(response['output']) ? 'tool_call' : 'stop'];
    case 'failed':
    case 'cancelled':
      // Batches, runs and videos have such a status too, and no generation of their own.
      return response['object'] === undefined || response['object'] === 'response' ? ['error'] : [];
    default:
      return [];
  }
}

/**
 * The items of Responses that the program has to answer, by
 * https://platform.openai.com/docs/api-reference/responses/object.
 */
const CALL_ITEMS: ReadonlySet<unknown> = new Set([
  'function_call',
  'custom_tool_call',
  'computer_call',
  'local_shell_call',
  'shell_call',
  'apply_patch_call',
  'mcp_approval_request',
]);

/** Whether an item of Responses asks the program to do something, unlike the calls of hosted tools. */
export function isToolCallItem(item: Readonly<Record<string, unknown>>): boolean {
  return (
    CALL_ITEMS.has(item['type']) || (item['type'] === 'tool_search_call' && item['execution'] === 'client')
  );
}

/** Whether the output has a call that the service has not answered itself, as it does for a hosted shell. */
function endsInToolCall(output: unknown): boolean {
  const items = recordsOf(output);
  return items.some(
    (item) =>
      isToolCallItem(item) &&
      !items.some(
        (other) => other['type'] === `${String(item['type'])}_output` && other['call_id'] === item['call_id'],
      ),
  );
}
