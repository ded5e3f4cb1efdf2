import type { CallPlan } from '../../providers/index.ts';
import type { Attributes } from '../../telemetry/api/index.ts';
import { semconv } from '../../telemetry/names/index.ts';
import { jsonOf } from '../../util/index.ts';
import { inputContent, type Message } from '../content/index.ts';

/*
 * Prompts and completions as attributes of a span: JSON texts by the schemas of the conventions
 * (gen-ai-input-messages.json, gen-ai-output-messages.json, gen-ai-tool-definitions.json). Only with the standard
 * opt-in, `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`.
 */

/** The attributes of the content of a request. */
export function inputAttributes(plan: CallPlan): Attributes {
  const { messages, instructions, tools } = inputContent(plan);
  const attributes: Attributes = {};
  if (messages.length > 0) attributes[semconv.ATTR_INPUT_MESSAGES] = jsonOf(messages);
  if (instructions.length > 0) attributes[semconv.ATTR_SYSTEM_INSTRUCTIONS] = jsonOf(instructions);
  if (tools.length > 0) attributes[semconv.ATTR_TOOL_DEFINITIONS] = jsonOf(tools);
  return attributes;
}

/** The attributes of the content of a response. */
export function outputAttributes(messages: readonly Message[]): Attributes {
  return messages.length === 0 ? {} : { [semconv.ATTR_OUTPUT_MESSAGES]: jsonOf(messages) };
}
