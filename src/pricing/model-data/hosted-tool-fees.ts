import { type UnitPrice, unitPrice } from '../unit-prices.ts';

/**
 * Fees of hosted tools, the same for every model.
 *
 * Source: @pydantic/genai-prices 0.1.8 (`web_searches_kcount`, `storage_searches_kcount`), except:
 * - `preview` is the older web search of models that do not reason, which does not bill the content it finds.
 *   Its price is from a post of OpenAI's staff in its forum.
 * - The prices of containers are from users' reports. Since June 2026 a container is billed by the minute,
 *   five minutes at least (https://developers.openai.com/api/docs/changelog); each is charged as a session of
 *   twenty.
 */
export const HOSTED_TOOL_FEES: readonly UnitPrice[] = [
  unitPrice('web_search', 10, 1_000),
  unitPrice('web_search', 25, 1_000, 'preview'),
  unitPrice('file_search', 2.5, 1_000),
  unitPrice('container', 0.03, 1, '1g'),
  unitPrice('container', 0.12, 1, '4g'),
  unitPrice('container', 0.48, 1, '16g'),
  unitPrice('container', 1.92, 1, '64g'),
];
