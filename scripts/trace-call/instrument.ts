import { parseSync, Visitor } from 'oxc-parser';

/** A function of the instrumented text. Offsets are those in it. */
export interface TracedFunction {
  readonly name: string;
  readonly isGetter: boolean;
  /** Names of the functions it is written in, outermost first. */
  readonly within: readonly string[];
  readonly start: number;
  readonly end: number;
}

interface Found extends TracedFunction {
  /** Where its body begins, and ends if it is an expression. */
  readonly body: { readonly start: number; readonly end: number; readonly isExpression: boolean };
}

/**
 * Begins each function of a JavaScript module with `enter(id)`, on the line where it is.
 * @param imports the line that imports `enter`
 * @param firstId of the first function; each next one gets the next
 */
export function instrument(
  text: string,
  imports: string,
  firstId: number,
): { readonly text: string; readonly functions: readonly TracedFunction[] } {
  const insertions = functionsOf(text).flatMap(({ body }, index) => {
    const call = `__enter(${firstId + index})`;
    return body.isExpression
      ? [
          { at: body.start, text: `(${call}, ` },
          { at: body.end, text: ')' },
        ]
      : [{ at: body.start + 1, text: ` ${call};` }];
  });
  const instrumented = insertions
    // From the end, so that the places before stay right.
    .sort((one, other) => other.at - one.at)
    .reduce((before, { at, text: added }) => before.slice(0, at) + added + before.slice(at), text);
  // At the end, where it leaves every line its number; imports are hoisted.
  const whole = `${instrumented}\n${imports}\n`;
  return { text: whole, functions: functionsOf(whole) };
}

/** The functions of a module, in the order in which they begin. */
function functionsOf(text: string): Found[] {
  const { program, errors } = parseSync('module.js', text);
  if (errors.length > 0) throw new Error(errors[0]?.message);
  const found: Found[] = [];
  const names: string[] = [];
  const classes: string[] = [];
  /** Names that are given from outside: of the variable, the property or the method that holds a function. */
  const given = new Map<object, { name: string; isGetter?: boolean }>();

  const open = (node: FunctionNode): void => {
    if (node.body === null) return;
    const { name, isGetter = false } = given.get(node) ?? { name: node.id?.name ?? 'callback' };
    const { start, end, type } = node.body;
    const isExpression = type !== 'BlockStatement' && type !== 'FunctionBody';
    found.push({
      name,
      isGetter,
      within: [...names],
      start: node.start,
      end: node.end,
      body: { start, end, isExpression },
    });
    names.push(name);
  };
  const close = (node: FunctionNode): void => {
    if (node.body !== null) names.pop();
  };
  const openClass = (node: { id: { name: string } | null }): void => {
    classes.push(node.id?.name ?? given.get(node)?.name ?? 'class');
  };
  const closeClass = (): void => {
    classes.pop();
  };
  const keyOf = (key: { start: number; end: number }): string => text.slice(key.start, key.end);

  new Visitor({
    VariableDeclarator: ({ id, init }) => {
      if (init !== null && id.type === 'Identifier') given.set(init, { name: id.name });
    },
    Property: ({ key, value, kind }) => {
      given.set(value, { name: keyOf(key), isGetter: kind === 'get' });
    },
    MethodDefinition: ({ key, value, kind }) => {
      given.set(value, { name: `${classes.at(-1)}.${keyOf(key)}`, isGetter: kind === 'get' });
    },
    PropertyDefinition: ({ key, value }) => {
      if (value !== null) given.set(value, { name: `${classes.at(-1)}.${keyOf(key)}` });
    },
    AssignmentExpression: ({ left, right }) => {
      given.set(right, { name: keyOf(left) });
    },
    AssignmentPattern: ({ left, right }) => {
      given.set(right, { name: keyOf(left) });
    },
    ClassDeclaration: openClass,
    'ClassDeclaration:exit': closeClass,
    ClassExpression: openClass,
    'ClassExpression:exit': closeClass,
    FunctionDeclaration: open,
    'FunctionDeclaration:exit': close,
    FunctionExpression: open,
    'FunctionExpression:exit': close,
    ArrowFunctionExpression: open,
    'ArrowFunctionExpression:exit': close,
  }).visit(program);
  return found;
}

interface FunctionNode {
  readonly start: number;
  readonly end: number;
  readonly id: { readonly name: string } | null;
  readonly body: { readonly start: number; readonly end: number; readonly type: string } | null;
}
