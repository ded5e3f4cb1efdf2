import type { ReceivedSpan } from '../local-otlp.ts';
import { dim, red } from './style.ts';

/** The spans as a tree by their parents, each with its duration. */
export function spanTree(spans: readonly ReceivedSpan[]): string {
  const known = new Set(spans.map(({ spanId }) => spanId));
  const inOrder = spans.toSorted((a, b) => Number(a.startNano - b.startNano));
  const children = Map.groupBy(inOrder, ({ parentSpanId }) =>
    parentSpanId !== undefined && known.has(parentSpanId) ? parentSpanId : 'root',
  );
  const lines = (parent: string, indent: string): string[] => {
    const group = children.get(parent) ?? [];
    return group.flatMap((span, index) => {
      const last = index === group.length - 1;
      return [
        `${dim(`${indent}${last ? '└─' : '├─'}`)} ${label(span)}`,
        ...lines(span.spanId, `${indent}${last ? '   ' : '│  '}`),
      ];
    });
  };
  return lines('root', '').join('\n');
}

function label(span: ReceivedSpan): string {
  const ms = Number(span.endNano - span.startNano) / 1e6;
  const name = span.errorMessage === undefined ? span.name : red(span.name);
  return `${name} ${dim(`${ms.toFixed(1)} ms`)}`;
}
