import { type Fields, fieldsOf, jsonOf, listOf, textOf } from '../../util/index.ts';

/** Deeper nesting is rendered as `any`; the API accepts 10 levels. */
const MAX_DEPTH = 16;

/** More types are rendered as `any`: a schema with circular references grows without end. */
const MAX_TYPES = 5000;

/** The schema that references point into, and how many of its types were rendered. */
interface Rendering {
  readonly root: Fields;
  types: number;
}

/**
 * Renders function tools as the models read them: a TypeScript namespace with the descriptions as comments.
 *
 * Source: `template_tools_section` and `json_schema_to_typescript` of https://github.com/openai/harmony (the
 * format of gpt-oss, which OpenAI published); recordings of the older models' bills fit the same text.
 */
export function renderFunctions(functions: readonly Fields[]): string {
  const types = functions.map((tool) => {
    const name = textOf(tool['name']);
    const parameters = fieldsOf(tool['parameters']);
    const title = comment(textOf(parameters['title']), '');
    const argument = hasProperties(parameters)
      ? `_: ${title}${objectType(parameters, { root: parameters, types: 0 }, '', 0)}`
      : '';
    return `${comment(textOf(tool['description']).trim(), '')}type ${name} = (${argument}) => any;\n\n`;
  });
  return `namespace functions {\n\n${types.join('')}} // namespace functions`;
}

function hasProperties(schema: Fields): boolean {
  for (const _ in fieldsOf(schema['properties'])) return true;
  return false;
}

function comment(text: string, indent: string): string {
  return text === '' ? '' : `${indent}// ${text.replaceAll('\n', `\n${indent}// `)}\n`;
}

function objectType(schema: Fields, rendering: Rendering, indent: string, depth: number): string {
  const required = new Set(listOf(schema['required']));
  let text = `${comment(textOf(schema['description']), indent)}{\n`;
  for (const [name, value] of Object.entries(fieldsOf(schema['properties']))) {
    const property = fieldsOf(value);
    const title = depth === 0 ? textOf(property['title']) : '';
    if (title !== '') text += `${comment(title, indent)}${indent}//\n`;
    text += comment(textOf(property['description']), indent);
    text += `${indent}${name}${required.has(name) ? '' : '?'}: ${typeOf(property, rendering, `${indent}  `, depth + 1)},`;
    if (property['default'] !== undefined) text += ` // default: ${jsonOf(property['default'])}`;
    text += '\n';
  }
  return `${text}${indent}}`;
}

function typeOf(schema: Fields, rendering: Rendering, indent: string, depth: number): string {
  if (depth > MAX_DEPTH || ++rendering.types > MAX_TYPES) return 'any';
  const reference = textOf(schema['$ref']);
  if (reference !== '') return typeOf(resolve(reference, rendering.root), rendering, indent, depth + 1);
  const values = listOf(schema['enum']);
  if (values.length > 0) return values.map(jsonOf).join(' | ');
  if ('const' in schema) return jsonOf(schema['const']);
  const variants = listOf(schema['anyOf'] ?? schema['oneOf'] ?? schema['allOf']);
  if (variants.length > 0)
    return variants.map((variant) => typeOf(fieldsOf(variant), rendering, indent, depth + 1)).join(' | ');
  const type = schema['type'];
  if (Array.isArray(type))
    return type
      .map((one) => typeOf({ ...schema, type: textOf(one) }, rendering, indent, depth + 1))
      .join(' | ');
  switch (type) {
    case 'string':
    case 'boolean':
    case 'null':
      return type;
    case 'integer':
    case 'number':
      return 'number';
    case 'array':
      return `${typeOf(fieldsOf(schema['items']), rendering, indent, depth + 1)}[]`;
    case 'object':
      return hasProperties(schema) ? objectType(schema, rendering, indent, depth) : 'object';
    default:
      return 'any';
  }
}

/** Returns the schema that a reference such as `#/$defs/Name` points to. */
function resolve(reference: string, root: Fields): Fields {
  let found = root;
  for (const step of reference.split('/').slice(1)) found = fieldsOf(found[step]);
  return found;
}

/**
 * Renders the schema of a structured output as it is added to the input. The heading is harmony's; a schema
 * that stays JSON, without its own title and without `additionalProperties`, fits recorded bills best (within
 * 6 tokens).
 */
export function renderFormat(format: Fields): string {
  const { title: _, ...schema } = fieldsOf(format['schema']);
  const json = jsonOf(schema).replaceAll(',"additionalProperties":false', '');
  return `# Response Formats\n\n## ${textOf(format['name'])}\n\n${comment(textOf(format['description']), '')}${json}`;
}
